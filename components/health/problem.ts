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

/** A problem of a node, with the command that shows its log where no other one helps. */
export function problem(node: GateNode, code: string, finding: Finding): Problem {
  return { node: node.node, code, next: `npm run logs -- --node ${node.node}`, ...finding };
}
