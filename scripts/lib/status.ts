import { primaryOf } from "../../components/health/evaluate";
import { lagOf } from "../../components/health/report";
import type { ClusterSeen, GatePlan, Problem } from "../../components/health/types";
import { table } from "./table";

/** One node in `npm run status -- --json`. Absent values are not known, because the node does not answer. */
export interface NodeStatus {
  readonly name: string;
  readonly container: string;
  /** State of the container: running, exited, missing, ... */
  readonly state: string;
  readonly role: "primary" | "replica" | "unknown";
  readonly address: string;
  readonly timeline?: number;
  /** WAL position written (primary) or replayed (replica). */
  readonly lsn?: string;
  /** Bytes behind the primary. */
  readonly lagBytes?: number;
  /** The replica's slot and whether it is in use. */
  readonly slot?: string;
  readonly slotActive?: boolean;
  /** The replica's replication connection is encrypted. */
  readonly tls?: boolean;
}

export interface Status {
  readonly healthy: boolean;
  readonly nodes: readonly NodeStatus[];
  /** What is worth knowing though nothing is wrong. */
  readonly notes: readonly string[];
  readonly problems: readonly Pick<Problem, "node" | "code" | "seen" | "expected" | "next">[];
}

/** What one look at a cluster means, for people and programs. */
export function statusOf(
  plan: GatePlan,
  seen: ClusterSeen,
  problems: readonly Problem[],
  notes: readonly string[],
): Status {
  const primary = primaryOf(plan, seen);
  return {
    healthy: problems.length === 0,
    nodes: plan.nodes.map((node) => {
      const look = seen.nodes.find((candidate) => candidate.node === node.node);
      const server = look?.server;
      const isPrimary = server !== undefined && !server.inRecovery;
      const slot = primary?.server.slots.find((candidate) => candidate.name === node.slot);
      const lagBytes = isPrimary ? undefined : lagOf(plan, seen, node.node);
      return {
        name: node.node,
        container: node.containerName,
        state: look?.container.state ?? "unknown",
        role: server ? (isPrimary ? "primary" : "replica") : "unknown",
        address: `${node.address}:${node.port}`,
        ...(server && { timeline: server.timeline, lsn: server.lsn }),
        ...(lagBytes !== undefined && { lagBytes }),
        ...(!isPrimary && node.slot && { slot: node.slot }),
        ...(!isPrimary && slot && { slotActive: slot.active, tls: slot.holderTls }),
      };
    }),
    notes,
    problems: problems.map(({ node, code, seen: what, expected, next }) => ({
      node,
      code,
      seen: what,
      expected,
      next,
    })),
  };
}

/** The status as lines of text. */
export function renderStatus(status: Status, stack: string): string[] {
  const cell = (value: string | number | undefined) =>
    value === undefined || value === "" ? "-" : String(value);
  const yes = (value: boolean | undefined, word: string, otherwise: string) =>
    value === undefined ? "-" : value ? word : otherwise;
  const rows = status.nodes.map((node) => [
    node.name,
    node.container,
    node.state,
    node.role,
    node.address,
    cell(node.timeline),
    cell(node.lsn),
    cell(node.lagBytes),
    node.slot ? `${node.slot} ${yes(node.slotActive, "active", "idle")}` : "-",
    yes(node.tls, "on", "off"),
  ]);
  const heading = [
    "NODE",
    "CONTAINER",
    "STATE",
    "ROLE",
    "ADDRESS",
    "TIMELINE",
    "LSN",
    "LAG BYTES",
    "SLOT",
    "TLS",
  ];
  return [
    ...table([heading, ...rows]),
    "",
    status.healthy ? `${stack}: healthy` : `${stack}: not healthy`,
    ...status.notes,
    ...status.problems.flatMap((problem) => [
      `${problem.node}: ${problem.code}`,
      `  seen:     ${problem.seen}`,
      `  expected: ${problem.expected}`,
      `  next:     ${problem.next}`,
    ]),
  ];
}
