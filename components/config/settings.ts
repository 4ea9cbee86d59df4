/** Major versions that Debian trixie's own packages give. */
export const POSTGRES_VERSIONS = ["17"] as const;
export type PostgresVersion = (typeof POSTGRES_VERSIONS)[number];

/** Passwords given by the user instead of generated ones. Kept out of logs and error texts. */
export interface CredentialSettings {
  readonly postgresPassword: string | undefined;
  readonly replicationPassword: string | undefined;
  readonly appPassword: string | undefined;
}

/** Limits of each node's container. */
export interface ResourceSettings {
  /** Bytes of memory, swap excluded. Default 1 GiB. Updated in place. */
  readonly memoryBytes: number;
  /** Processors, e.g. "1.5"; undefined means no limit. A change replaces containers, replicas first; data are kept. */
  readonly cpus: string | undefined;
  /** Bytes of /dev/shm, which parallel queries use. Default 256 MiB. A change replaces the container. */
  readonly shmBytes: number;
}

/** A certificate authority of the user's own, PEM. */
export interface AuthoritySettings {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface TlsSettings {
  /** `require`: TLS only. `prefer`: applications may also connect without. Replication and the gate always use TLS. */
  readonly mode: "require" | "prefer";
  readonly minVersion: "1.3" | "1.2";
  /** Further names in every server certificate: DNS names or addresses. */
  readonly names: readonly string[];
  /** How long a leaf certificate is valid. Default 2160 (90 days). Fractions are hours' parts. */
  readonly validityHours: number;
  /** The first `up` this long before the end renews. Default 720 (30 days). */
  readonly renewBeforeHours: number;
  readonly ca: AuthoritySettings | undefined;
}

/** How a pooler lends a server connection: for one transaction, or until the client leaves. */
export const POOLER_MODES = ["transaction", "session"] as const;

/** PgBouncer in front of the primary and of the replicas. Everything but the ports is reloaded. */
export interface PoolerSettings {
  /** Default false. */
  readonly enabled: boolean;
  /** Default `transaction`. */
  readonly mode: (typeof POOLER_MODES)[number];
  /** Published port that leads to the primary; 0 = a free one, chosen once. A change replaces the container. */
  readonly port: number;
  /** Published port that leads to the replicas, to the primary when there are none; 0 = a free one. */
  readonly readPort: number;
  /** Server connections for each pair of database and role. Default 20. */
  readonly poolSize: number;
  /** Client connections of each of the two poolers; more are refused. Default 1000. */
  readonly maxClients: number;
  /** Prepared statements kept for each server connection in transaction mode. Default 200; 0 = none. */
  readonly maxPreparedStatements: number;
}

/** Any new text in one of these exchanges the secret it names at the next `up`. */
export interface RotationSettings {
  readonly postgresPassword: string;
  readonly replicationPassword: string;
  readonly appPassword: string;
  readonly gatePassword: string;
  readonly poolerPassword: string;
  readonly authority: string;
  /** Any new text: the certificate authority before is no longer trusted. Set with `authority` to the same: at once. */
  readonly retireAuthority: string;
  readonly certificates: string;
}

/** The whole configuration of a stack: typed, complete with defaults, checked, frozen. */
export interface Settings {
  /** Streaming replicas beside the primary, 0 to 8. */
  readonly replicas: number;
  readonly postgresVersion: PostgresVersion;
  /** Image that the node image is built on. */
  readonly baseImage: string;
  /** Any new text rebuilds the node image with today's packages. */
  readonly imageRevision: string;
  /** Published port of the primary; 0 = a free one, chosen once. */
  readonly primaryPort: number;
  /** Published port of pg-1; pg-i gets this + i - 1; 0 = free ones, chosen once. */
  readonly replicaPort: number;
  /** Address of the engine's host that ports are published on. */
  readonly bindAddress: string;
  /** Engine address; undefined = DOCKER_HOST, else the current docker context. */
  readonly dockerHost: string | undefined;
  /** Application database, made at the first start. */
  readonly database: string;
  /** Role that owns the database, made at the first start. */
  readonly owner: string;
  readonly credentials: CredentialSettings;
  readonly rotation: RotationSettings;
  /** PostgreSQL settings beyond the program's own. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly extensions: readonly string[];
  readonly sharedPreloadLibraries: readonly string[];
  /** SQL files, paths relative to the project, run once in the database at the first start. */
  readonly initSql: readonly string[];
  readonly resources: ResourceSettings;
  /** How long the gate waits for proof. */
  readonly healthTimeoutSeconds: number;
  /** Replay lag of a replica above which the cluster is not healthy. */
  readonly maxReplicationLagBytes: number;
  /** true: the superuser may log in over the network, and the output `adminUri` exists. */
  readonly superuserAccess: boolean;
  /** true: data volumes stay on destroy and are taken up again. */
  readonly retainVolumes: boolean;
  readonly tls: TlsSettings;
  readonly pooler: PoolerSettings;
}
