import { primaryOf } from "./evaluate";
import { lsnDistance } from "./lsn";
import type { ClusterSeen, GatePlan, Health, NodeSeen, Problem } from "./types";

/** A fault in one line, for warnings and progress. */
export function describe(problem: Problem): string {
  return `${problem.node}: ${problem.seen}; expected ${problem.expected}`;
}

/** The error of a cluster that did not pass: every fault with its node's last log lines and the command that helps. */
export function failureText(
  problems: readonly Problem[],
  seen: readonly NodeSeen[],
  seconds: number,
): string {
  const shown = new Set<string>();
  const parts = problems.map((problem) => {
    const log = seen.find((node) => node.node === problem.node)?.log ?? [];
    const lines = shown.has(problem.node) ? [] : log.slice(-8);
    shown.add(problem.node);
    return [
      `${problem.node}: ${problem.code}`,
      `  seen:     ${problem.seen}`,
      `  expected: ${problem.expected}`,
      ...(lines.length > 0 ? ["  last log lines:", ...lines.map((line) => `    ${line}`)] : []),
      `  next:     ${problem.next}`,
    ].join("\n");
  });
  return `the cluster is not healthy (looked for ${seconds.toFixed(1)} s)\n${parts.join("\n")}`;
}

/** What a healthy look proved. */
export function healthOf(plan: GatePlan, seen: ClusterSeen, provenAt: string): Health {
  const { pooler } = plan;
  const primary = primaryOf(plan, seen);
  return {
    provenAt,
    primary: primary?.node ?? "",
    systemIdentifier: primary?.server.systemIdentifier ?? "",
    timeline: primary?.server.timeline ?? 0,
    markerLsn: seen.markerLsn,
    nodes: plan.nodes.map((node) => ({
      node: node.node,
      role: node.node === primary?.node ? "primary" : "replica",
      address: `${node.address}:${node.port}`,
      slot: node.node === primary?.node ? "" : node.slot,
    })),
    ...(pooler && {
      poolers: pooler.poolers.map(({ pooler: name, address, port, leadsTo }) => ({
        pooler: name,
        address: `${address}:${port}`,
        leadsTo,
      })),
    }),
  };
}

/** Bytes that a node is behind the primary; undefined when either is unknown. */
export function lagOf(plan: GatePlan, seen: ClusterSeen, node: string): number | undefined {
  const server = seen.nodes.find((candidate) => candidate.node === node)?.server;
  const primary = primaryOf(plan, seen)?.server;
  return server && primary ? lsnDistance(server.lsn, primary.lsn) : undefined;
}
