import { physicalPrefix, type StackId } from "./names";

/** Label keys by which everything of ours is found again on an engine, also what the state does not know. */
export const LABEL_PROJECT = "sav3.project";
export const LABEL_STACK = "sav3.stack";
export const LABEL_SERVICE = "sav3.service";
export const LABEL_NODE = "sav3.node";
/** Makes Docker Desktop and `docker compose ls` show a stack as one group. */
export const LABEL_COMPOSE_PROJECT = "com.docker.compose.project";

/** What a container, volume or network is part of. More arrive with each capability. */
export type Service = "postgres" | "pgbouncer";

export interface LabelOptions {
  readonly service: Service;
  /** Position of the node; absent on what belongs to no node, such as the network. */
  readonly node?: number;
}

/** One label as the Docker plugin takes it. */
export interface Label {
  readonly label: string;
  readonly value: string;
}

/** Labels as a plain map, for reading and filtering. */
export function labelMap(id: StackId, options: LabelOptions): Record<string, string> {
  return {
    [LABEL_PROJECT]: id.project,
    [LABEL_STACK]: id.stack,
    [LABEL_SERVICE]: options.service,
    ...(options.node === undefined ? {} : { [LABEL_NODE]: String(options.node) }),
    [LABEL_COMPOSE_PROJECT]: physicalPrefix(id),
  };
}

/**
 * Labels as resource inputs, sorted by key: the engine keeps them as a set, and one order keeps diffs readable.
 * A changed label replaces a container, so roles, which move, are never in them.
 */
export function labels(id: StackId, options: LabelOptions): Label[] {
  return Object.entries(labelMap(id, options))
    .map(([label, value]) => ({ label, value }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}
