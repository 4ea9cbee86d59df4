import { hashOf } from "../lib/inputs";

/** What the state remembers of the nodes, as far as it tells what a change will do. */
export interface KnownNodes {
  /** By node: hash of its files. */
  hashes?: Readonly<Record<string, string>>;
  /** By node: its container. */
  containers?: Readonly<Record<string, string>>;
  /** By node: the settings of its postgresql.conf. */
  settings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A node as it will be; undefined where that is only known after its container is made. */
export interface ComingNode {
  node: string;
  containerId: string | undefined;
  hash: string | undefined;
  settings: Readonly<Record<string, string>>;
}

/** Settings that PostgreSQL 17 reads only at its start: `select name from pg_settings where context = 'postmaster'`. */
const restartOnly =
  "archive_mode autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age bonjour bonjour_name cluster_name commit_timestamp_buffers config_file data_directory data_sync_retry debug_io_direct dynamic_shared_memory_type event_source external_pid_file hba_file hot_standby huge_page_size huge_pages ident_file ignore_invalid_pages jit_provider listen_addresses logging_collector max_connections max_files_per_process max_locks_per_transaction max_logical_replication_workers max_notify_queue_pages max_pred_locks_per_transaction max_prepared_transactions max_replication_slots max_wal_senders max_worker_processes min_dynamic_shared_memory multixact_member_buffers multixact_offset_buffers notify_buffers port reserved_connections serializable_buffers shared_buffers shared_memory_type shared_preload_libraries subtransaction_buffers superuser_reserved_connections trace_connection_negotiation track_activity_query_size track_commit_timestamp transaction_buffers unix_socket_directories unix_socket_group unix_socket_permissions wal_buffers wal_decode_buffer_size wal_level wal_log_hints".split(
    " ",
  );

/**
 * A standby may not have these lower than its primary, so lowering one restarts the primary first. With PostgreSQL's
 * own values, which count where a file has none.
 */
const notLowerOnStandby: Readonly<Record<string, number>> = {
  max_connections: 100,
  max_worker_processes: 8,
  max_wal_senders: 10,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 64,
};

/** The settings of a rendered postgresql.conf, as they stand there. */
export function settingsOf(conf: string): Record<string, string> {
  return Object.fromEntries(
    conf.split("\n").flatMap((line) => {
      const match = /^([a-z_.]+) = (.*)$/i.exec(line);
      return match?.[1] === undefined ? [] : [[match[1], match[2] ?? ""]];
    }),
  );
}

/**
 * A file's settings as the state may keep them in clear. A name with a dot is an extension's or the user's own, which
 * PostgreSQL does not describe: its value may be a secret. A hash so short that many values share it tells a change.
 */
export function knownSettings(conf: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settingsOf(conf)).map(([name, value]) => [
      name,
      name.includes(".") ? hashOf({ name, value }).slice(0, 4) : value,
    ]),
  );
}

/**
 * What a change does to a running cluster, in words: which containers are replaced or restart, in which order, what
 * happens to data. Empty when nothing but additions is to come.
 */
export function effects(olds: KnownNodes, news: readonly ComingNode[]): string[] {
  const before = olds.containers ?? {};
  const staying = news.filter(({ node }) => before[node] !== undefined);
  const replaced = staying.filter(({ node, containerId }) => before[node] !== containerId);
  const kept = staying.filter((node) => !replaced.includes(node));
  const leaving = Object.keys(before).filter((node) => !news.some((each) => each.node === node));
  const lines: string[] = [];
  if (replaced.length > 0) {
    lines.push(
      `containers are replaced, each stopped cleanly first: ${inOrder(replaced, false)}; every data volume and its rows are kept`,
    );
  }
  if (leaving.length > 0) {
    lines.push(
      `${leaving.join(", ")} leave: their containers, slots and copies of the data are removed; the primary keeps every row`,
    );
  }
  const changed = kept.flatMap((each) => changes(olds.settings?.[each.node], each));
  const needing = changed.filter(({ name }) => restartOnly.includes(name));
  if (needing.length > 0) {
    const primaryFirst = needing.some(({ node, name, from, to }) => {
      const standard = notLowerOnStandby[name];
      return (
        node === news[0]?.node &&
        standard !== undefined &&
        Number(to ?? standard) < Number(from ?? standard)
      );
    });
    const restarting = kept.filter(({ node }) => needing.some((each) => each.node === node));
    lines.push(
      `${listed(needing)}: PostgreSQL restarts, ${inOrder(restarting, primaryFirst)}; data is kept, no container is replaced`,
    );
  }
  const reloading = changed.filter((each) => !needing.includes(each));
  if (reloading.length > 0) {
    lines.push(`${listed(reloading)}: reloaded, nothing restarts`);
  }
  const others = kept.filter(
    ({ node, hash }) =>
      hash !== undefined &&
      olds.hashes?.[node] !== hash &&
      !changed.some((each) => each.node === node),
  );
  if (others.length > 0) {
    lines.push(
      `other files of ${others.map(({ node }) => node).join(", ")} (passwords, certificates, access rules, slots): exchanged and reloaded, nothing restarts`,
    );
  }
  return lines;
}

interface Change {
  node: string;
  name: string;
  from: string | undefined;
  to: string | undefined;
}

function changes(
  before: Readonly<Record<string, string>> | undefined,
  { node, settings }: ComingNode,
): Change[] {
  // Without a file that is known on both sides nothing can be said.
  if (before === undefined || Object.keys(settings).length === 0) return [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(settings)])];
  return names
    .map((name) => ({ node, name, from: plain(before[name]), to: plain(settings[name]) }))
    .filter(({ from, to }) => from !== to);
}

/** A value without the quotes that postgresql.conf wants. */
function plain(value: string | undefined): string | undefined {
  return value?.replace(/^'(.*)'$/, "$1");
}

function listed(all: readonly Change[]): string {
  const texts = all.map(({ name, from, to }) =>
    name.includes(".")
      ? `${name} changed`
      : `${name} ${from ?? "(default)"} -> ${to ?? "(default)"}`,
  );
  return [...new Set(texts)].join(", ");
}

/** The order in which nodes go: replicas before the primary, which is the first of a cluster, unless it must lead. */
function inOrder(nodes: readonly { node: string }[], primaryFirst: boolean): string {
  const primary = nodes.filter(({ node }) => node === "pg-0").map(({ node }) => node);
  const replicas = nodes.filter(({ node }) => node !== "pg-0").map(({ node }) => node);
  const order = primaryFirst ? [primary, replicas] : [replicas, primary];
  return order
    .filter((group) => group.length > 0)
    .map((group) => group.join(" and "))
    .join(", then ");
}
