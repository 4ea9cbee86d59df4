import { isRecord } from "./values";

/** Where the nodes of a stack are: what the proofs need of the stack's output `connection`. */
export interface Cluster {
  readonly dockerHost: string;
  readonly primary: string;
  readonly nodes: readonly { readonly node: string; readonly containerId: string }[];
  readonly database: string;
  readonly owner: string;
}

/** Reads it out of `pulumi stack output --json --show-secrets`. */
export function clusterIn(outputs: unknown): Cluster {
  const connection = isRecord(outputs) ? outputs["connection"] : undefined;
  if (!isRecord(connection)) {
    throw new Error("the stack has no cluster yet; next: npm run up");
  }
  const text = (of: Record<string, unknown>, key: string): string => {
    const value = of[key];
    if (typeof value !== "string") throw new Error(`the stack's outputs lack connection.${key}`);
    return value;
  };
  const nodes: unknown = connection["nodes"];
  return {
    dockerHost: text(connection, "dockerHost"),
    primary: text(connection, "primary"),
    nodes: (Array.isArray(nodes) ? nodes : []).filter(isRecord).map((node) => ({
      node: text(node, "node"),
      containerId: text(node, "containerId"),
    })),
    database: text(connection, "database"),
    owner: text(connection, "owner"),
  };
}
