import { causeInLog } from "./classify";
import { problem } from "./problem";
import { containerProblem, portProblem } from "./reach";
import { causeProblem, replicaProblems, slotProblem } from "./replication";
import type { ClusterSeen, GateNode, GatePlan, NodeSeen, Problem, ServerSeen } from "./types";

/** The node the others are measured against: the expected primary if it is one, else the only writable one. */
export function primaryOf(
  plan: GatePlan,
  seen: ClusterSeen,
): (NodeSeen & { server: ServerSeen }) | undefined {
  const writable = seen.nodes.flatMap((node) =>
    node.server && !node.server.inRecovery ? [{ ...node, server: node.server }] : [],
  );
  const only = writable.length === 1 ? writable[0] : undefined;
  return writable.find(({ node }) => node === plan.primary) ?? only;
}

/**
 * Everything that is wrong with a cluster, in the order of its nodes; nothing for a healthy one.
 *
 * Consequences of a fault are left out: a stopped replica is reported, its idle slot is not.
 */
export function evaluate(plan: GatePlan, seen: ClusterSeen): Problem[] {
  const primary = primaryOf(plan, seen);
  const problems = plan.nodes.flatMap((node) => {
    const look = seen.nodes.find((candidate) => candidate.node === node.node);
    if (!look) {
      return [];
    }
    const isPrimary = plan.primary ? node.node === plan.primary : node.node === primary?.node;
    return [
      ...reachProblems(node, look, isPrimary, primary?.server),
      ...(look.server && isPrimary ? primaryProblems(plan, node, look.server) : []),
      ...(look.server && !isPrimary
        ? replicaProblems({ plan, node, look, server: look.server, primary, seen })
        : []),
    ];
  });
  return [...problems, ...leadership(plan, seen)];
}

function reachProblems(
  node: GateNode,
  look: NodeSeen,
  isPrimary: boolean,
  primary: ServerSeen | undefined,
): Problem[] {
  const port = portProblem(node, look);
  if (look.server) {
    return port ? [port] : [];
  }
  const slot = isPrimary ? undefined : slotProblem(node, primary);
  // Without a primary that answers, a replica that waits for it is only a consequence.
  const cause = isPrimary ? undefined : causeInLog(look.log);
  const why =
    cause && (primary || cause.code !== "primary-unreachable")
      ? causeProblem(node, cause)
      : undefined;
  const main = containerProblem(node, look) ?? why ?? port;
  return [main, slot].filter((found) => found !== undefined);
}

function primaryProblems(plan: GatePlan, node: GateNode, server: ServerSeen): Problem[] {
  if (plan.provenIdentifier && server.systemIdentifier !== plan.provenIdentifier) {
    return [
      problem(node, "new-cluster", {
        seen: `another cluster, system identifier ${server.systemIdentifier}: its volumes were removed or exchanged`,
        expected: `system identifier ${plan.provenIdentifier}, as proven before`,
        next: "bring back its data volume, or copy the rows from a replica's, which may be the last ones; `npm run down` and `npm run up` begin anew without them",
        hopelessAfter: 500,
      }),
    ];
  }
  if (server.inRecovery) {
    return [
      problem(node, "primary-in-recovery", {
        seen: "it is a standby",
        expected: "the primary",
        hopelessAfter: 1000,
      }),
    ];
  }
  return server.readOnly
    ? [
        problem(node, "primary-read-only", {
          seen: "transactions are read-only (default_transaction_read_only)",
          expected: "a primary that accepts writes",
          next: `npm run psql -- -c "SELECT source, sourcefile FROM pg_settings WHERE name = 'default_transaction_read_only'"`,
          hopelessAfter: 1000,
        }),
      ]
    : [];
}

/** Where roles may move: exactly one node leads. */
function leadership(plan: GatePlan, seen: ClusterSeen): Problem[] {
  const writable = seen.nodes.filter(({ server }) => server && !server.inRecovery);
  if (plan.primary !== "" || writable.length === 1) {
    return [];
  }
  return [
    {
      node: (writable.length > 0 ? writable : plan.nodes).map(({ node }) => node).join(", "),
      code: writable.length > 0 ? "two-primaries" : "no-primary",
      seen: `${writable.length} nodes accept writes`,
      expected: "exactly one",
      next: "npm run status",
    },
  ];
}
