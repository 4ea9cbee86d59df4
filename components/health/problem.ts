import type { GateNode, Problem } from "./types";

/** What a problem says beside its node and code. */
export interface Finding {
  seen: string;
  expected: string;
  /** Default: the node's log. */
  next?: string;
  /** Milliseconds after which waiting is pointless; left out for what may pass by itself. */
  hopelessAfter?: number;
}

/** For a replica that belongs to another cluster: which of the two holds the rows is for people to see. */
export function discardOther(node: GateNode): string {
  return `look whether the primary holds your rows (npm run psql), since this node may hold the only copy; only then: ${discard(node)}`;
}

/** For a replica whose data cannot be used: it seeds itself anew once they are gone. */
export function discard(node: GateNode): string {
  const name = node.containerName;
  return `docker rm --force ${name} && docker volume rm ${name}-data && npm run up -- --refresh`;
}

/** A problem of a node, with the command that shows its log where no other one helps. */
export function problem(node: GateNode, code: string, finding: Finding): Problem {
  return { node: node.node, code, next: `npm run logs -- --node ${node.node}`, ...finding };
}
