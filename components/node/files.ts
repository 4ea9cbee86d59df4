import type { Settings } from "../config/settings";
import type { NodeNames } from "../lib/names";
import { replicationPassfile } from "../postgres/conninfo";
import { renderHba, renderIdent } from "../postgres/pg-hba";
import { renderConf } from "../postgres/postgresql-conf";
import { shellWord } from "../postgres/quoting";
import { GATE, POOLER, REPLICATOR, SUPERUSER } from "../postgres/roles";
import { scramSalt, scramVerifier } from "../postgres/scram";
import type { InitSql } from "./init-sql";

/** A certificate with what is sent along, and its key; PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

/** What the files of a node are made of. */
export interface NodeFilesInput {
  readonly names: NodeNames;
  /** What salts of password verifiers are derived from: unlike in another cluster. */
  readonly cluster: string;
  readonly settings: Settings;
  /** Slots of all replicas; the primary drops others. */
  readonly slots: readonly string[];
  readonly subnet: string;
  readonly gateway: string;
  readonly passwords: {
    readonly postgres: string;
    readonly replicator: string;
    readonly owner: string;
    readonly gate: string;
    readonly pooler: string;
  };
  readonly caCertificate: string;
  /** Revocation lists, PEM; empty when there are none. */
  readonly revocations: string;
  readonly server: CertificateFiles;
  /** Certificate of the role `replicator`, for standbys. */
  readonly replicationClient: CertificateFiles;
  readonly initSql: readonly InitSql[];
}

/** Files of a node's config volume by path in it. All of them can change without a new container. */
export type NodeFiles = Record<string, string>;

/** Every file of one node but `ready`, which whoever writes them adds last. */
export function nodeFiles(input: NodeFilesInput): NodeFiles {
  const { names, settings, revocations } = input;
  const standby = names.index > 0;
  return {
    "postgresql.conf": renderConf({
      node: names.node,
      slot: standby ? names.slot : undefined,
      memoryBytes: settings.resources.memoryBytes,
      tlsMinVersion: settings.tls.minVersion,
      revocations: revocations !== "",
      sharedPreloadLibraries: settings.sharedPreloadLibraries,
      parameters: settings.parameters,
    }),
    "pg_hba.conf": renderHba({
      subnet: input.subnet,
      gateway: input.gateway,
      owner: settings.owner,
      tlsMode: settings.tls.mode,
      superuserAccess: settings.superuserAccess,
      pooler: settings.pooler.enabled,
    }),
    "pg_ident.conf": renderIdent(settings.owner),
    "ca.crt": input.caCertificate,
    ...(revocations === "" ? {} : { "ca.crl": revocations }),
    "server.crt": input.server.certificate,
    "server.key": input.server.privateKey,
    ...clusterFacts(input),
    ...(standby ? standbyFiles(input) : primaryFiles(input)),
  };
}

/** The primary sets its roles' passwords from verifiers, so that no clear text is ever on its disk. */
function primaryFiles({ cluster, passwords, settings, initSql }: NodeFilesInput): NodeFiles {
  const verifier = (role: string, password: string): string =>
    `${scramVerifier(password, scramSalt(password, role, cluster))}\n`;
  return {
    POSTGRES_PASSWORD: verifier(SUPERUSER, passwords.postgres),
    REPLICATION_PASSWORD: verifier(REPLICATOR, passwords.replicator),
    APP_PASSWORD: verifier(settings.owner, passwords.owner),
    GATE_PASSWORD: verifier(GATE, passwords.gate),
    // Empty takes the role away again: a file that was written once stays in the volume.
    POOLER_PASSWORD: settings.pooler.enabled ? verifier(POOLER, passwords.pooler) : "",
    ...Object.fromEntries(initSql.map(({ file, content }) => [file, content])),
  };
}

function standbyFiles({ passwords, replicationClient }: NodeFilesInput): NodeFiles {
  return {
    REPLICATION_PASSWORD: replicationPassfile(passwords.replicator),
    "client.crt": replicationClient.certificate,
    "client.key": replicationClient.privateKey,
  };
}

/** What the node's scripts need to know, for people (`cluster.json`) and for the shell (`cluster.sh`). */
function clusterFacts({ names, settings, slots, subnet, gateway }: NodeFilesInput): NodeFiles {
  const { database, owner, extensions } = settings;
  const facts = { node: names.node, slot: names.slot, database, owner, slots, extensions };
  const shell = {
    NODE: names.node,
    SLOT: names.slot,
    DATABASE: database,
    OWNER: owner,
    SLOTS: slots.join(" "),
    EXTENSIONS: extensions.join(" "),
    NETWORK_CIDR: subnet,
    GATEWAY: gateway,
  };
  const lines = Object.entries(shell).map(([name, value]) => `${name}=${shellWord(value)}`);
  return {
    "cluster.json": `${JSON.stringify(facts, undefined, 2)}\n`,
    "cluster.sh": `${lines.join("\n")}\n`,
  };
}
