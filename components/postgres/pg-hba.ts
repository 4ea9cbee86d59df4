import { hbaWord } from "./quoting";
import { GATE, POOLER, REPLICATOR, SUPERUSER } from "./roles";

/** Name of the map in pg_ident.conf for people and scripts inside the container. */
const MAINTENANCE_MAP = "maintenance";

export interface HbaOptions {
  /** The stack's network, e.g. `172.20.0.0/16`: the only place where replication may come from. */
  readonly subnet: string;
  /** The network's gateway: connections from the host through a published port seem to come from there. */
  readonly gateway: string;
  /** Role that owns the application's database. */
  readonly owner: string;
  readonly tlsMode: "require" | "prefer";
  readonly superuserAccess: boolean;
  /** There are poolers, which ask for password verifiers. */
  readonly pooler: boolean;
}

/** An address with the prefix length that means only this one. */
export function singleAddress(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}

/**
 * pg_hba.conf. The first line that matches decides, so each group ends in its own reject and the file in one for all.
 * `host` in a reject covers connections with and without TLS.
 */
export function renderHba(options: HbaOptions): string {
  const superuser = hbaWord(SUPERUSER);
  const replicator = hbaWord(REPLICATOR);
  const gate = hbaWord(GATE);
  const pooler = hbaWord(POOLER);
  return lines([
    ["# Inside the container: the server's own user only."],
    ["local", "all", superuser, "peer"],
    ["local", "all", hbaWord(options.owner), "peer", `map=${MAINTENANCE_MAP}`],
    ["local", "all", "all", "reject"],
    [
      "# Replication: never through a published port, else from the stack's network with a certificate.",
    ],
    ["host", "replication", "all", singleAddress(options.gateway), "reject"],
    [
      "hostssl",
      "replication",
      replicator,
      options.subnet,
      "scram-sha-256",
      "clientcert=verify-full",
    ],
    ["host", "replication", "all", "all", "reject"],
    ["host", "all", replicator, "all", "reject"],
    ["# The superuser over the network (superuserAccess)."],
    ...(options.superuserAccess ? [["hostssl", "all", superuser, "all", "scram-sha-256"]] : []),
    ["host", "all", superuser, "all", "reject"],
    ["# The health gate."],
    ["hostssl", "all", gate, "all", "scram-sha-256", "clientcert=verify-full"],
    ["host", "all", gate, "all", "reject"],
    ["# The poolers' own role, from the stack's network only. Their clients come as themselves."],
    ["host", "all", pooler, singleAddress(options.gateway), "reject"],
    ...(options.pooler
      ? [
          [
            "hostssl",
            hbaWord("postgres"),
            pooler,
            options.subnet,
            "scram-sha-256",
            "clientcert=verify-full",
          ],
        ]
      : []),
    ["host", "all", pooler, "all", "reject"],
    ["# Applications."],
    [options.tlsMode === "prefer" ? "host" : "hostssl", "all", "all", "all", "scram-sha-256"],
    ["host", "all", "all", "all", "reject"],
  ]);
}

/** pg_ident.conf: inside the container the server's user may also be the owner of the database. */
export function renderIdent(owner: string): string {
  return lines([
    [MAINTENANCE_MAP, SUPERUSER, hbaWord(owner)],
    [MAINTENANCE_MAP, SUPERUSER, hbaWord(SUPERUSER)],
  ]);
}

function lines(rows: readonly (readonly string[])[]): string {
  return `${rows.map((row) => row.join("  ")).join("\n")}\n`;
}
