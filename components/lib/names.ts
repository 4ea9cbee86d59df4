/** Which stack a name belongs to. Every physical name on the engine derives from these two. */
export interface StackId {
  /** Pulumi project, `sav3-postgres`. */
  readonly project: string;
  /** Pulumi stack without organisation, e.g. `dev`. */
  readonly stack: string;
}

/** Names of one node: `pg-0` is the first primary, `pg-1`.. its replicas. */
export interface NodeNames {
  /** Position in the cluster, 0 to `replicas`. */
  readonly index: number;
  /** Host name and first network alias, e.g. `pg-1`. The same in every stack. */
  readonly node: string;
  /** The guide's alias: `pg-primary` or `pg-replica-1`. */
  readonly alias: string;
  /** Docker container, e.g. `sav3-postgres-dev-pg-1`. */
  readonly container: string;
  /** Docker volume that holds the database. */
  readonly dataVolume: string;
  /** Docker volume that holds what can change: settings, passwords, keys. */
  readonly configVolume: string;
  /** Physical replication slot that the node reads from, e.g. `pg_1`; `pg-0` has none at first. */
  readonly slot: string;
}

/** Host name by which replicas reach the primary, and the name that its certificate is checked for. */
export const PRIMARY_ALIAS = "pg-primary";

/** Network alias of every replica: its addresses are those of the replicas that run. */
export const REPLICAS_ALIAS = "pg-replicas";

/** Longest label of a host name (RFC 1035); Docker answers for container names over DNS. */
const LONGEST_HOST_LABEL = 63;

/** Replicas beyond this are refused, so that every stack's names have one longest form. */
export const MOST_REPLICAS = 8;

/** What every name of the stack begins with. Also the name of its network. */
export function physicalPrefix({ project, stack }: StackId): string {
  return `${project}-${stack}`;
}

/** Name of the stack's network. */
export function networkName(id: StackId): string {
  return physicalPrefix(id);
}

/** All names of the node at a position. */
export function nodeNames(id: StackId, index: number): NodeNames {
  const node = `pg-${index}`;
  const container = `${physicalPrefix(id)}-${node}`;
  return {
    index,
    node,
    alias: index === 0 ? PRIMARY_ALIAS : `pg-replica-${index}`,
    container,
    dataVolume: `${container}-data`,
    configVolume: `${container}-config`,
    slot: slotName(index),
  };
}

/** Replication slot of the node at a position. PostgreSQL admits lower case, digits and `_`. */
export function slotName(index: number): string {
  return `pg_${index}`;
}

/** Which way a pooler leads: to the primary, or to nodes that may only be read. */
export type PoolerKind = "write" | "read";

/** Names of a pooler: `pgbouncer` leads to the primary, `pgbouncer-read` to the replicas. */
export interface PoolerNames {
  /** Host name, network alias, and name in its certificate. The same in every stack. */
  readonly pooler: string;
  /** Docker container, e.g. `sav3-postgres-dev-pgbouncer`. */
  readonly container: string;
  /** Docker volume that holds its settings, users' file and keys. */
  readonly configVolume: string;
}

/** All names of one pooler. */
export function poolerNames(id: StackId, kind: PoolerKind): PoolerNames {
  const pooler = kind === "write" ? "pgbouncer" : "pgbouncer-read";
  const container = `${physicalPrefix(id)}-${pooler}`;
  return { pooler, container, configVolume: `${container}-config` };
}

/** Longest stack name that leaves room for the rest of a container's name. */
export function longestStackName(project: string, pooled = false): number {
  const id = { project, stack: "" };
  const longest = pooled ? poolerNames(id, "read") : nodeNames(id, MOST_REPLICAS);
  return LONGEST_HOST_LABEL - longest.container.length;
}

/**
 * Why a stack cannot be used, or undefined. Container names are host names on the stack's network and part of
 * `com.docker.compose.project`: lower case letters, digits and inner hyphens, 63 characters at most.
 */
export function stackNameFault({ project, stack }: StackId, pooled = false): string | undefined {
  const longest = longestStackName(project, pooled);
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(stack)) {
    return (
      `stack name "${stack}": Docker containers get host names from it, so only lower case letters, digits and ` +
      `hyphens inside it work; choose another with \`pulumi stack init\` or \`pulumi stack rename\``
    );
  }
  if (stack.length > longest) {
    return (
      `stack name "${stack}": ${stack.length} characters, at most ${longest} fit a container's host name; ` +
      `choose another with \`pulumi stack init\` or \`pulumi stack rename\``
    );
  }
  return undefined;
}
