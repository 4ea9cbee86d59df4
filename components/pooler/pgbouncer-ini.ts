import type { PoolerSettings } from "../config/settings";
import { CONTAINER_PORT, configPath } from "../postgres/paths";
import { POOLER } from "../postgres/roles";

/** Port inside the container; only the published port is the user's choice. */
export const POOLER_PORT = 6432;
/** Folder of the socket that the admin console is reached by. */
export const POOLER_SOCKET = "/run/pgbouncer";
/** Database in which the poolers look passwords up; applications have no business there. */
const LOOKUP_DATABASE = "postgres";

export interface PgbouncerIniOptions {
  /** Host name of the server, or of several: PgBouncer takes all its addresses in turn. */
  readonly host: string;
  /** Application database. */
  readonly database: string;
  readonly pooler: PoolerSettings;
  readonly tlsMode: "require" | "prefer";
  readonly tlsMinVersion: "1.3" | "1.2";
  /** How many servers share the host name. */
  readonly servers: number;
}

/**
 * pgbouncer.ini. Everything that a change of the configuration touches here is reloaded.
 *
 * Times are seconds. Where they differ from PgBouncer's own, it is for a restart of a server to be felt for a second.
 */
export function renderPgbouncerIni(options: PgbouncerIniOptions): string {
  const { host, database, pooler } = options;
  const server = `host=${host} port=${CONTAINER_PORT}`;
  const many = options.servers > 1;
  const protocols = options.tlsMinVersion === "1.3" ? "tlsv1.3" : "tlsv1.2,tlsv1.3";
  const settings: Readonly<Record<string, string | number>> = {
    listen_addr: "*",
    listen_port: POOLER_PORT,
    unix_socket_dir: POOLER_SOCKET,
    unix_socket_mode: "0700",
    listen_backlog: 4096,

    pool_mode: pooler.mode,
    default_pool_size: pooler.poolSize,
    // With several servers enough are open that some lead to another one when one stops: queries then go on at once.
    // PgBouncer refuses clients while it has no connection at all and the last attempt failed.
    min_pool_size: many ? Math.min(pooler.poolSize, 4 * options.servers) : 0,
    max_client_conn: pooler.maxClients,
    max_prepared_statements: pooler.maxPreparedStatements,
    // JDBC sets it at the start of every connection; PostgreSQL 12 and later ignore its value.
    ignore_startup_parameters: "extra_float_digits",

    // Whoever logs in is looked up on the server, so that no list of roles is kept here.
    auth_type: "scram-sha-256",
    auth_file: configPath("userlist.txt"),
    auth_user: POOLER,
    auth_dbname: LOOKUP_DATABASE,
    auth_query: "SELECT usename, passwd FROM sav3_pooler.login($1)",

    client_tls_sslmode: options.tlsMode,
    // Without one it wants the system's, which is not there.
    client_tls_ca_file: configPath("ca.crt"),
    client_tls_cert_file: configPath("server.crt"),
    client_tls_key_file: configPath("server.key"),
    client_tls_protocols: protocols,
    server_tls_sslmode: "verify-full",
    server_tls_ca_file: configPath("ca.crt"),
    server_tls_cert_file: configPath("client.crt"),
    server_tls_key_file: configPath("client.key"),
    server_tls_protocols: protocols,

    // 15 by default: how long nobody gets a connection after one attempt has failed.
    server_login_retry: 0.5,
    // The address of a container that just stopped answers nothing; the next attempt goes to another.
    server_connect_timeout: many ? 1 : 2,
    // A server that came back gets its share again soon.
    server_lifetime: many ? 30 : 3600,
    // The engine's name server says 600 s, which holds the address of a container that is gone.
    resolv_conf: "/tmp/resolv.conf",
    dns_max_ttl: 1,
    dns_nxdomain_ttl: 1,
    query_wait_timeout: 120,
    cancel_wait_timeout: 10,
    // A dead network is noticed in about 30 s, as by the servers.
    tcp_keepalive: 1,
    tcp_keepidle: 10,
    tcp_keepintvl: 5,
    tcp_keepcnt: 4,
    // Milliseconds.
    tcp_user_timeout: 30_000,

    // One line for each connection would fill the log of a pooler whose clients come and go.
    log_connections: 0,
    log_disconnections: 0,
    stats_period: 3600,
  };
  return [
    "; Written by `pulumi up`; set sav3-postgres:pooler instead of changing it here.",
    "[databases]",
    // Its name needs no quotes, see the check of the key `database`.
    `${database} = ${server}`,
    `${LOOKUP_DATABASE} = ${server} pool_size=4`,
    `* = ${server}`,
    "",
    "[pgbouncer]",
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    "",
  ].join("\n");
}

/** The poolers' own login, in clear: a verifier can check a password, but not log in with it. */
export function renderUserlist(password: string): string {
  return `"${POOLER}" "${password.replaceAll('"', '""')}"\n`;
}
