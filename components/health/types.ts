/** One node as the gate is told about it. */
export interface GateNode {
  /** Logical name, also the name in its certificate: `pg-1`. */
  node: string;
  containerId: string;
  /** Physical name, for messages and for the commands they suggest. */
  containerName: string;
  /** Address its port is published on. */
  address: string;
  port: number;
  /** Its physical slot on the primary; empty for the first primary. */
  slot: string;
}

/** One pooler as the gate is told about it. */
export interface GatePooler {
  /** Logical name, also the name in its certificate: `pgbouncer`. */
  pooler: string;
  containerId: string;
  /** Physical name, for messages and for the commands they suggest. */
  containerName: string;
  /** Address its port is published on. */
  address: string;
  port: number;
  /** Where it must lead: to the primary, or to a node that may only be read. */
  leadsTo: "primary" | "replica";
}

/** The poolers, and the role that the gate comes through them as: the owner of the application's database. */
export interface PoolerPlan {
  poolers: GatePooler[];
  user: string;
  password: string;
  database: string;
}

/** What the gate needs to look at a cluster, and what it expects of it. */
export interface GatePlan {
  dockerHost: string;
  nodes: GateNode[];
  /** The node that must be the primary; empty when roles may move. */
  primary: string;
  /** Password of `sav3_gate`. */
  password: string;
  /** Client certificate and key of `sav3_gate`, and the authority's certificates, all PEM. */
  certificate: string;
  privateKey: string;
  ca: string;
  /** Their revocation lists, PEM, one for each; empty when there are none. */
  crl: string;
  maxLagBytes: number;
  /** Left out where there are no poolers. */
  pooler?: PoolerPlan;
  /** System identifier that was proven before; left out before the first proof. */
  provenIdentifier?: string;
}

/** A container as the engine reports it. */
export interface ContainerSeen {
  state:
    "missing" | "created" | "running" | "paused" | "restarting" | "exited" | "dead" | "unknown";
  exitCode: number;
  restarts: number;
  outOfMemory: boolean;
}

/** A slot on a primary and who holds it. */
export interface SlotSeen {
  name: string;
  active: boolean;
  /** reserved, extended, unreserved or lost; empty while the slot never held WAL. */
  walStatus: string;
  /** The connection that holds it; empty strings when nobody does. */
  holder: string;
  holderState: string;
  holderTls: boolean;
}

/** A server as it describes itself. */
export interface ServerSeen {
  inRecovery: boolean;
  readOnly: boolean;
  systemIdentifier: string;
  timeline: number;
  /** Last WAL position written (primary) or replayed (standby). */
  lsn: string;
  replayPaused: boolean;
  /** State of its WAL receiver; empty when it has none. */
  receiver: string;
  /** The marker as this node sees it; empty when there is none. */
  marker: string;
  slots: SlotSeen[];
}

/** Why a node could not be asked. */
export interface Failure {
  kind:
    | "refused"
    | "dropped"
    | "timeout"
    | "starting"
    | "authentication"
    | "certificate"
    | "protocol"
    | "other";
  text: string;
}

/** Everything one look saw of one node. */
export interface NodeSeen {
  node: string;
  container: ContainerSeen;
  server?: ServerSeen;
  /** Present when the published port did not lead to the server, even if the engine did. */
  failure?: Failure;
  /** Last lines of its log; only fetched for nodes that are not well. */
  log: string[];
}

/** One look at the whole cluster. */
export interface ClusterSeen {
  nodes: NodeSeen[];
  /** The marker that replicas must show; empty when this look wrote none. */
  marker: string;
  markerLsn: string;
}

/** One thing that is wrong. */
export interface Problem {
  node: string;
  /** Stable short name, such as `replay-paused`. */
  code: string;
  seen: string;
  expected: string;
  /** A command that helps. */
  next: string;
  /** Milliseconds after which waiting is pointless; undefined for what may still pass by itself. */
  hopelessAfter?: number;
}

/** What was proven: the output `health`. */
export interface Health {
  provenAt: string;
  primary: string;
  systemIdentifier: string;
  timeline: number;
  markerLsn: string;
  nodes: { node: string; role: "primary" | "replica"; address: string; slot: string }[];
  /** A query got through each of them to such a node; absent where there are none. */
  poolers?: { pooler: string; address: string; leadsTo: "primary" | "replica" }[];
}
