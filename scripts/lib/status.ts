import { primaryOf } from "../../components/health/evaluate";
import { lagOf } from "../../components/health/report";
import type { Verdict } from "../../components/health/prove";
import type { GatePlan, Problem } from "../../components/health/types";
import type { Pool } from "../../components/pooler/console";
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

/** One pooler in `npm run status -- --json`. */
export interface PoolerStatus {
  readonly name: string;
  readonly container: string;
  /** State of the container: running, exited, missing, ... */
  readonly state: string;
  readonly address: string;
  /** Where it must lead. */
  readonly leadsTo: "primary" | "replica";
  /** Node that answered a query through it just now; absent when none did. */
  readonly reached?: string;
  readonly paused: boolean;
  readonly pools: readonly Pool[];
}

export interface Status {
  readonly healthy: boolean;
  readonly nodes: readonly NodeStatus[];
  /** Empty where there are none. */
  readonly poolers: readonly PoolerStatus[];
  /** What is worth knowing though nothing is wrong. */
  readonly notes: readonly string[];
  readonly problems: readonly Pick<Problem, "node" | "code" | "seen" | "expected" | "next">[];
}

/** What one look at a cluster means, for people and programs. */
export function statusOf(
  plan: GatePlan,
  { seen, poolers, problems }: Verdict,
  pools: Readonly<Record<string, readonly Pool[]>>,
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
    poolers: (plan.pooler?.poolers ?? []).map((pooler) => {
      const look = poolers.find(({ node }) => node === pooler.pooler);
      return {
        name: pooler.pooler,
        container: pooler.containerName,
        state: look?.container.state ?? "unknown",
        address: `${pooler.address}:${pooler.port}`,
        leadsTo: pooler.leadsTo,
        ...(look !== undefined && look.reached !== "" && { reached: look.reached }),
        paused: look?.paused ?? false,
        pools: pools[pooler.pooler] ?? [],
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
    ...poolerTables(status.poolers),
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

/** The poolers, and their pools as far as there are any. */
function poolerTables(poolers: readonly PoolerStatus[]): string[] {
  if (poolers.length === 0) return [];
  const rows = poolers.map(({ name, container, state, address, leadsTo, reached, paused }) => [
    name,
    container,
    state,
    address,
    leadsTo,
    paused ? "paused" : (reached ?? "-"),
  ]);
  const pools = poolers.flatMap(({ name, pools: all }) =>
    all.map((pool) => [
      name,
      pool.database,
      pool.user,
      String(pool.clientsActive),
      String(pool.clientsWaiting),
      String(pool.serversActive),
      String(pool.serversIdle),
      String(pool.longestWaitSeconds),
    ]),
  );
  const heading = ["POOLER", "CONTAINER", "STATE", "ADDRESS", "LEADS TO", "REACHED"];
  const poolHeading = [
    "POOL OF",
    "DATABASE",
    "ROLE",
    "CLIENTS ACTIVE",
    "WAITING",
    "SERVERS ACTIVE",
    "IDLE",
    "LONGEST WAIT S",
  ];
  return [
    ...table([heading, ...rows]),
    "",
    ...(pools.length > 0 ? [...table([poolHeading, ...pools]), ""] : []),
  ];
}
