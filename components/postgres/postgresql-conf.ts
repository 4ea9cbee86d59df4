import { primaryConninfo } from "./conninfo";
import { CONTAINER_PORT, DATA_DIRECTORY, SOCKET_DIRECTORY, configPath } from "./paths";
import { confValue } from "./quoting";

export interface ConfOptions {
  /** The node's name; shown in process titles, and by standbys in their log. */
  readonly node: string;
  /** Replication slot that this node reads from; undefined on the first primary. */
  readonly slot: string | undefined;
  /** Memory limit of the container in bytes. */
  readonly memoryBytes: number;
  readonly tlsMinVersion: "1.2" | "1.3";
  /** A certificate revocation list is among the node's files. */
  readonly revocations: boolean;
  readonly sharedPreloadLibraries: readonly string[];
  /** The user's own parameters; they come after the derived ones and win. */
  readonly parameters: Readonly<Record<string, string>>;
}

const MIB = 1024 * 1024;
/** From here on more maintenance memory stops helping. */
const MOST_MAINTENANCE_BYTES = 1024 * MIB;

/** Sizes that follow the container's memory unless the user sets them. */
export function memoryParameters(memoryBytes: number): Record<string, string> {
  const share = (part: number, least: number): string =>
    `${Math.max(least, Math.floor((memoryBytes * part) / MIB))}MB`;
  return {
    shared_buffers: share(1 / 4, 16),
    effective_cache_size: share(3 / 4, 64),
    maintenance_work_mem: share(Math.min(1 / 16, MOST_MAINTENANCE_BYTES / memoryBytes), 16),
  };
}

/** Defaults that suit a replicated cluster; the user's parameters may change any of them. */
function defaults(memoryBytes: number): Record<string, string> {
  return {
    ...memoryParameters(memoryBytes),
    // Enough for eight replicas that seed at once (two senders each), so that scaling needs no restart.
    max_wal_senders: "20",
    max_replication_slots: "20",
    // An absent replica may hold back this much WAL; then it loses its slot and seeds itself again.
    max_slot_wal_keep_size: "1GB",
    wal_keep_size: "64MB",
    // 5 s by default: a hidden stall when a replica starts before its primary.
    wal_retrieve_retry_interval: "200ms",
    wal_sender_timeout: "20s",
    wal_receiver_timeout: "20s",
    wal_receiver_status_interval: "1s",
    // A dead network is noticed in about 30 s instead of hours, also by idle sessions.
    tcp_keepalives_idle: "10s",
    tcp_keepalives_interval: "5s",
    tcp_keepalives_count: "4",
    // Long reads on a replica shall not hold back vacuum on the primary; set it to on for reporting replicas.
    hot_standby_feedback: "off",
    wal_compression: "on",
    log_line_prefix: "%m [%p] %q%u@%d %h ",
    log_timezone: "UTC",
    timezone: "UTC",
    log_checkpoints: "on",
    log_lock_waits: "on",
    log_temp_files: "10MB",
    log_autovacuum_min_duration: "10min",
    log_replication_commands: "on",
    // Statements and their parameters may carry secrets; whoever turns these on knows what they log.
    log_statement: "none",
    log_min_duration_statement: "-1",
    log_parameter_max_length_on_error: "0",
  };
}

/** Settings that make a node a node of this cluster. See components/postgres/parameters.ts for why each is owned. */
function owned(options: ConfOptions): Record<string, string> {
  return {
    data_directory: DATA_DIRECTORY,
    hba_file: configPath("pg_hba.conf"),
    ident_file: configPath("pg_ident.conf"),
    unix_socket_directories: SOCKET_DIRECTORY,
    listen_addresses: "*",
    port: String(CONTAINER_PORT),
    cluster_name: options.node,
    allow_alter_system: "off",
    password_encryption: "scram-sha-256",
    ssl: "on",
    ssl_ca_file: configPath("ca.crt"),
    ssl_cert_file: configPath("server.crt"),
    ssl_key_file: configPath("server.key"),
    ...(options.revocations ? { ssl_crl_file: configPath("ca.crl") } : {}),
    ssl_min_protocol_version: `TLSv${options.tlsMinVersion}`,
    wal_level: "replica",
    hot_standby: "on",
    recovery_target_timeline: "latest",
    shared_preload_libraries: options.sharedPreloadLibraries.join(","),
    log_destination: "stderr",
    logging_collector: "off",
    ...(options.slot === undefined
      ? {}
      : {
          primary_conninfo: primaryConninfo({
            slot: options.slot,
            revocations: options.revocations,
          }),
          primary_slot_name: options.slot,
        }),
  };
}

/** postgresql.conf of one node: complete, one line a setting, each setting once. */
export function renderConf(options: ConfOptions): string {
  const user = Object.fromEntries(
    Object.entries(options.parameters).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const settings = { ...defaults(options.memoryBytes), ...user, ...owned(options) };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${confValue(value)}`);
  return `# Written by \`pulumi up\`; set sav3-postgres:parameters instead of changing it here.\n${lines.join("\n")}\n`;
}
