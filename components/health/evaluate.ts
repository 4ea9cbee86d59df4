import { causeInLog, refusalInLog, type LogCause } from "./classify";
import type { ClusterSeen, GateNode, GatePlan, NodeSeen, Problem, ServerSeen } from "./types";

/** Bytes of WAL between two positions such as `0/3000060`; never negative. */
export function lsnDistance(from: string, to: string): number {
  const position = (lsn: string) => {
    const [high = "0", low = "0"] = lsn.split("/");
    return parseInt(high, 16) * 2 ** 32 + parseInt(low, 16);
  };
  return from && to ? Math.max(0, position(to) - position(from)) : 0;
}

/** The node the others are measured against: the expected primary if it is one, else the only writable one. */
export function primaryOf(plan: GatePlan, seen: ClusterSeen): NodeSeen | undefined {
  const writable = seen.nodes.filter((node) => node.server && !node.server.inRecovery);
  return (
    writable.find((node) => node.node === plan.primary) ??
    (writable.length === 1 ? writable[0] : undefined)
  );
}

/**
 * Everything that is wrong with a cluster, in the order of its nodes; empty for a healthy one.
 *
 * Consequences of a fault are left out: a stopped replica is reported, its idle slot is not.
 */
export function evaluate(plan: GatePlan, seen: ClusterSeen): Problem[] {
  const primary = primaryOf(plan, seen);
  const problems = plan.nodes.flatMap((node) => {
    const look = seen.nodes.find((candidate) => candidate.node === node.node);
    return look ? nodeProblems(plan, node, look, primary, seen) : [];
  });
  return [...problems, ...leadership(plan, seen)];
}

function nodeProblems(
  plan: GatePlan,
  node: GateNode,
  look: NodeSeen,
  primary: NodeSeen | undefined,
  seen: ClusterSeen,
): Problem[] {
  const isPrimary = plan.primary ? node.node === plan.primary : node.node === primary?.node;
  const slot = isPrimary || !primary?.server ? [] : slotProblems(node, primary.server);
  const container = containerProblem(node, look);
  if (container) {
    return [container, ...slot];
  }
  const port = portProblem(node, look);
  if (!look.server) {
    const cause = causeInLog(look.log);
    return cause && !isPrimary ? [causeProblem(node, cause), ...slot] : [...port, ...slot];
  }
  return isPrimary
    ? [...port, ...primaryProblems(node, look.server)]
    : [...port, ...replicaProblems(plan, node, look, look.server, primary, seen, slot)];
}

function containerProblem(node: GateNode, look: NodeSeen): Problem | undefined {
  const { state, exitCode, restarts, outOfMemory } = look.container;
  const refusal = refusalInLog(look.log);
  const expected = `container ${node.containerName} running`;
  const ended = `exit code ${exitCode}${outOfMemory ? ", killed by its memory limit" : ""}`;
  const inspect = `npm run logs -- --node ${node.node}`;
  if (refusal && !look.server && (restarts > 0 || state !== "running")) {
    return {
      node: node.node,
      code: "refused",
      seen: refusal,
      expected: "a volume that this node may use",
      next: inspect,
      hopelessAfter: 0,
    };
  }
  switch (state) {
    case "running":
    case "unknown":
      return undefined;
    case "missing":
      return {
        node: node.node,
        code: "container-missing",
        seen: "no container of this id",
        expected,
        next: "npm run up -- --refresh",
        hopelessAfter: 0,
      };
    case "paused":
      return {
        node: node.node,
        code: "container-paused",
        seen: "container paused",
        expected,
        next: `docker unpause ${node.containerName}`,
        hopelessAfter: 500,
      };
    case "restarting":
      return {
        node: node.node,
        code: "container-exited",
        seen: `restarting again and again, last ${ended}`,
        expected,
        next: inspect,
        ...(restarts >= 3 && { hopelessAfter: 500 }),
      };
    case "created":
      return {
        node: node.node,
        code: "container-stopped",
        seen: "container never started",
        expected,
        next: `docker start ${node.containerName}`,
        hopelessAfter: 2000,
      };
    default:
      return {
        node: node.node,
        code: exitCode === 0 ? "container-stopped" : "container-exited",
        seen: `container ${exitCode === 0 ? "stopped" : "exited"}, ${ended}`,
        expected,
        next: `docker start ${node.containerName}`,
        hopelessAfter: 500,
      };
  }
}

function portProblem(node: GateNode, look: NodeSeen): Problem[] {
  const { failure, server } = look;
  if (!failure) {
    return look.server
      ? []
      : [
          {
            node: node.node,
            code: "unreachable",
            seen: "no answer yet",
            expected: "an answer",
            next: `npm run logs -- --node ${node.node}`,
          },
        ];
  }
  const where = `${node.address}:${node.port}`;
  const logs = `npm run logs -- --node ${node.node}`;
  if (failure.kind === "authentication") {
    return [
      {
        node: node.node,
        code: "authentication",
        seen: `sav3_gate is refused: ${failure.text}`,
        expected: "the gate's password and certificate accepted",
        next: logs,
        hopelessAfter: 3000,
      },
    ];
  }
  if (server || failure.kind === "protocol") {
    // The node itself answers through the engine, so whoever is on its port is somebody else.
    return [
      {
        node: node.node,
        code: "port-foreign",
        seen: `port ${where} is answered by another program or not at all: ${failure.text}`,
        expected: `${node.node} on port ${where}`,
        next: `docker port ${node.containerName}`,
        hopelessAfter: 2000,
      },
    ];
  }
  if (failure.kind === "certificate") {
    return [
      {
        node: node.node,
        code: "certificate",
        seen: `certificate not accepted: ${failure.text}`,
        expected: `a certificate for ${node.node} of this cluster's authority`,
        next: "npm run up",
        hopelessAfter: 2000,
      },
    ];
  }
  return [
    {
      node: node.node,
      code: failure.kind === "starting" ? "starting" : "unreachable",
      seen: `no server on ${where}: ${failure.text}`,
      expected: "a server that accepts connections",
      next: logs,
    },
  ];
}

function primaryProblems(node: GateNode, server: ServerSeen): Problem[] {
  if (server.inRecovery) {
    return [
      {
        node: node.node,
        code: "primary-in-recovery",
        seen: "it is a standby",
        expected: "the primary",
        next: `npm run logs -- --node ${node.node}`,
        hopelessAfter: 1000,
      },
    ];
  }
  return server.readOnly
    ? [
        {
          node: node.node,
          code: "primary-read-only",
          seen: "transactions are read-only (default_transaction_read_only)",
          expected: "a primary that accepts writes",
          next: "npm run psql -- -c 'ALTER SYSTEM RESET default_transaction_read_only' -c 'SELECT pg_reload_conf()'",
          hopelessAfter: 1000,
        },
      ]
    : [];
}

function slotProblems(node: GateNode, primary: ServerSeen): Problem[] {
  const slot = primary.slots.find((candidate) => candidate.name === node.slot);
  const next = `docker restart ${node.containerName}`;
  if (!slot) {
    return node.slot
      ? [
          {
            node: node.node,
            code: "slot-missing",
            seen: `the primary has no slot ${node.slot}`,
            expected: `physical slot ${node.slot}`,
            next,
            hopelessAfter: 3000,
          },
        ]
      : [];
  }
  return slot.walStatus === "lost"
    ? [
        {
          node: node.node,
          code: "slot-lost",
          seen: `slot ${node.slot} is lost: the primary no longer has the WAL it needs`,
          expected: "a slot that keeps WAL; the replica seeds itself anew when it starts",
          next,
          hopelessAfter: 3000,
        },
      ]
    : [];
}

function replicaProblems(
  plan: GatePlan,
  node: GateNode,
  look: NodeSeen,
  server: ServerSeen,
  primary: NodeSeen | undefined,
  seen: ClusterSeen,
  slotFaults: Problem[],
): Problem[] {
  const logs = `npm run logs -- --node ${node.node}`;
  const problems: Problem[] = [];
  const add = (
    code: string,
    what: string,
    expected: string,
    next: string,
    hopelessAfter?: number,
  ) =>
    problems.push({
      node: node.node,
      code,
      seen: what,
      expected,
      next,
      ...(hopelessAfter !== undefined && { hopelessAfter }),
    });

  if (primary?.server && server.systemIdentifier !== primary.server.systemIdentifier) {
    add(
      "other-cluster",
      `system identifier ${server.systemIdentifier}`,
      `${primary.server.systemIdentifier}, as on ${primary.node}`,
      logs,
      500,
    );
    return problems;
  }
  if (!server.inRecovery) {
    // Where roles move, a second primary is reported once for the cluster.
    if (plan.primary) {
      add(
        "promoted",
        `it was promoted and accepts writes on timeline ${server.timeline}`,
        `a standby of ${plan.primary}`,
        `docker restart ${node.containerName}`,
        1000,
      );
    }
    return problems;
  }
  problems.push(...slotFaults);
  if (server.replayPaused) {
    add(
      "replay-paused",
      "replay is paused",
      "replay going on",
      `npm run psql -- --node ${node.node} -c 'SELECT pg_wal_replay_resume()'`,
      1000,
    );
  }
  if (!primary?.server) {
    return problems;
  }
  const held = primary.server.slots.find((slot) => slot.name === node.slot);
  const streams = server.receiver === "streaming" && held?.holderState === "streaming";
  const cause = streams ? undefined : causeInLog(look.log);
  if (server.timeline !== primary.server.timeline) {
    add(
      "timeline-old",
      `on timeline ${server.timeline}`,
      `timeline ${primary.server.timeline}, as on ${primary.node}`,
      logs,
      5000,
    );
  } else if (cause && !problems.some((problem) => problem.code === cause.code)) {
    problems.push(causeProblem(node, cause));
  } else if (!streams && problems.length === 0) {
    add(
      "not-streaming",
      describeStream(node, server, held),
      `streaming from ${primary.node} through slot ${node.slot}`,
      logs,
    );
  }
  if (streams && !held.holderTls) {
    add("replication-without-tls", "its replication connection is not encrypted", "TLS", logs, 500);
  }
  const lag = lsnDistance(server.lsn, primary.server.lsn);
  if (lag > plan.maxLagBytes) {
    add(
      "lag",
      `${lag} bytes behind ${primary.node}`,
      `at most ${plan.maxLagBytes} bytes (sav3-postgres:maxReplicationLagBytes)`,
      "npm run status",
    );
  }
  if (problems.length === 0 && seen.marker && server.marker !== seen.marker) {
    add(
      "marker",
      `the row written on ${primary.node} at ${seen.markerLsn} is not here yet (replayed to ${server.lsn})`,
      "the row",
      logs,
    );
  }
  return problems;
}

function describeStream(
  node: GateNode,
  server: ServerSeen,
  slot: { active: boolean; holder: string; holderState: string } | undefined,
): string {
  const receiver = server.receiver ? `WAL receiver ${server.receiver}` : "no WAL receiver";
  const holder = slot?.active
    ? `slot ${node.slot} held by ${slot.holder || "?"} (${slot.holderState || "?"})`
    : `slot ${node.slot} idle`;
  return `${receiver}, ${holder}`;
}

function causeProblem(node: GateNode, cause: LogCause): Problem {
  const seen = {
    "replication-password": "the primary refuses its replication password",
    "replication-refused": "the primary or its certificate is not accepted for replication",
    "slot-missing": `the primary has no slot ${node.slot}`,
    "slot-lost": "the primary no longer has the WAL it needs",
    "other-cluster": "its data belongs to another cluster than the primary's",
    "timeline-old": "its timeline and the primary's have parted",
    "primary-unreachable": "it does not reach the primary",
  }[cause.code];
  const next =
    cause.code === "replication-password" || cause.code === "replication-refused"
      ? "npm run up"
      : `docker restart ${node.containerName}`;
  return {
    node: node.node,
    code: cause.code,
    seen: `${seen} (${cause.line})`,
    expected: "streaming replication",
    next,
    ...(cause.code !== "primary-unreachable" && { hopelessAfter: 5000 }),
  };
}

function leadership(plan: GatePlan, seen: ClusterSeen): Problem[] {
  const writable = seen.nodes
    .filter((node) => node.server && !node.server.inRecovery)
    .map((node) => node.node);
  if (plan.primary || writable.length === 1) {
    return [];
  }
  const expected = "exactly one node that accepts writes";
  return [
    {
      node: writable.join(", ") || plan.nodes.map((node) => node.node).join(", "),
      code: writable.length ? "two-primaries" : "no-primary",
      seen: writable.length ? `${writable.length} nodes accept writes` : "no node accepts writes",
      expected,
      next: "npm run status",
    },
  ];
}
