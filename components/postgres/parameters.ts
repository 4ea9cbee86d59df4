import { nearest } from "../lib/nearest";
import { valueFault, type Parameter } from "./catalog";

/** Why the program keeps a parameter to itself, by parameter. The text ends the sentence "cannot be set: ...". */
const OWNED = new Map<string, string>([
  ...own("the program places the files of a node", [
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "include",
    "include_dir",
    "include_if_exists",
    "unix_socket_directories",
    "unix_socket_group",
    "unix_socket_permissions",
  ]),
  ...own("set primaryPort, replicaPort and bindAddress instead", ["listen_addresses", "port"]),
  ...own("replication depends on it", [
    "cluster_name",
    "hot_standby",
    "primary_conninfo",
    "primary_slot_name",
    "recovery_target_timeline",
    "restore_command",
    "wal_level",
    "archive_cleanup_command",
    "recovery_end_command",
    "recovery_target",
    "recovery_target_action",
    "recovery_target_inclusive",
    "recovery_target_lsn",
    "recovery_target_name",
    "recovery_target_time",
    "recovery_target_xid",
  ]),
  ...own("a standby that is not there would hold up every commit", ["synchronous_standby_names"]),
  ...own("archiving belongs to the program", [
    "archive_command",
    "archive_library",
    "archive_mode",
    "archive_timeout",
  ]),
  ...own("set sharedPreloadLibraries instead", ["shared_preload_libraries"]),
  ...own("passwords are always scram-sha-256", ["password_encryption"]),
  ...own("settings come from the stack's config only", ["allow_alter_system"]),
  ...own("logs go to the container's log", ["log_destination", "logging_collector"]),
  ...own("it gains nothing and loses data", ["fsync", "full_page_writes"]),
]);

function own(reason: string, names: readonly string[]): [string, string][] {
  return names.map((name) => [name, reason]);
}

/** Why a parameter is the program's own, or undefined when the user may set it. */
export function ownedReason(name: string): string | undefined {
  if (name === "ssl" || name.startsWith("ssl_")) return "set tls instead";
  return OWNED.get(name);
}

/** Parameters that replication of up to eight replicas needs, with the least value that still works. */
export const LEAST: Readonly<Record<string, number>> = {
  max_wal_senders: 20,
  max_replication_slots: 20,
};

/** Settings that a standby may not have lower than its primary, so lowering restarts the primary first. */
export const NOT_LOWER_ON_STANDBY: readonly string[] = [
  "max_connections",
  "max_locks_per_transaction",
  "max_prepared_transactions",
  "max_wal_senders",
  "max_worker_processes",
];

/** A parameter's name; extensions put their own name and a dot in front. */
const NAME = /^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)*$/;

/**
 * Why a parameter cannot be passed on, or undefined. Names with a dot belong to extensions, which know their values.
 * @param catalog what this major version of PostgreSQL knows
 */
export function parameterFault(
  catalog: ReadonlyMap<string, Parameter>,
  name: string,
  value: string,
): string | undefined {
  const lower = name.toLowerCase();
  if (!NAME.test(lower)) return "not a parameter's name; use letters, digits and _";
  const owned = ownedReason(lower);
  if (owned !== undefined) return `cannot be set: ${owned}`;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\0-\x1f\x7f]/.test(value)) return "the value has a line break or control character";
  if (lower.includes(".")) return undefined;
  const known = catalog.get(lower);
  if (known === undefined) {
    const similar = nearest(lower, catalog.keys());
    const hint = similar === undefined ? "" : `; ${similar}?`;
    return `PostgreSQL has no such parameter${hint}`;
  }
  const least = LEAST[lower];
  if (least !== undefined && !(Number(value) >= least)) {
    return `set at least ${least}, which eight replicas need`;
  }
  return valueFault(known, value);
}
