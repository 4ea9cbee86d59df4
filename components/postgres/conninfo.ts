import { PRIMARY_ALIAS } from "../lib/names";
import { CONTAINER_PORT, configPath } from "./paths";
import { conninfoValue, passfileField } from "./quoting";
import { REPLICATOR } from "./roles";

/** A libpq connection string from its parts, in the given order. */
export function conninfo(parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts)
    .map(([key, value]) => `${key}=${conninfoValue(value)}`)
    .join(" ");
}

export interface PrimaryConninfo {
  /** Slot of the standby, also its name in pg_stat_replication. */
  readonly slot: string;
  /** A certificate revocation list is among the node's files. */
  readonly revocations: boolean;
}

/** How a standby reaches its primary: by name over TLS, with certificate and password from files. */
export function primaryConninfo({ slot, revocations }: PrimaryConninfo): string {
  return conninfo({
    host: PRIMARY_ALIAS,
    port: String(CONTAINER_PORT),
    user: REPLICATOR,
    application_name: slot,
    passfile: configPath("REPLICATION_PASSWORD"),
    sslmode: "verify-full",
    sslrootcert: configPath("ca.crt"),
    sslcert: configPath("client.crt"),
    sslkey: configPath("client.key"),
    ...(revocations ? { sslcrl: configPath("ca.crl") } : {}),
    connect_timeout: "5",
    // Both ends give up on a silent network after 30 s; otherwise the kernel tries for a quarter of an hour, and
    // for as long the primary takes the slot for active and cannot drop its WAL.
    tcp_user_timeout: "30000",
    options: "-c tcp_user_timeout=30s",
  });
}

/** Password file of a standby. The wildcard covers the replication pseudo database. */
export function replicationPassfile(password: string): string {
  const fields = [PRIMARY_ALIAS, String(CONTAINER_PORT), "*", REPLICATOR, password];
  return `${fields.map((field) => (field === "*" ? field : passfileField(field))).join(":")}\n`;
}
