import { checkAuthority } from "../tls/authority-check";
import { checkName } from "../tls/names";
import { parameterCatalog } from "../postgres/catalog";
import { parameterFault } from "../postgres/parameters";
import * as check from "./checks";
import type { Fault } from "./faults";
import { portsFaults } from "./ports";
import { Section } from "./section";
import {
  POOLER_MODES,
  POSTGRES_VERSIONS,
  type CredentialSettings,
  type PoolerSettings,
  type ResourceSettings,
  type RotationSettings,
  type Settings,
  type TlsSettings,
} from "./settings";

/** The project's configuration as the CLI hands it over: texts, lists and objects as JSON, no namespace. */
export type RawConfig = Readonly<Record<string, unknown>>;

/** Complete settings, and everything that is wrong with the input; use the settings only when nothing is. */
export interface Parsed {
  readonly settings: Settings;
  readonly faults: readonly Fault[];
}

const MOST_PORT = 65535;

/**
 * Reads a stack's configuration. Pure: what the engine or the disk says is checked elsewhere (preflight).
 *
 * @param secretKeys keys that are kept as secrets; no fault shows any of their values
 */
export function parseConfig(raw: RawConfig, secretKeys: readonly string[] = []): Parsed {
  const faults: Fault[] = [];
  const all = new Section(raw, faults, "", ["credentials", "tls.ca", ...secretKeys]);
  const postgresVersion = all.choice("postgresVersion", POSTGRES_VERSIONS, "17");
  const catalog = parameterCatalog(postgresVersion);
  const settings: Settings = {
    replicas: all.integer("replicas", 1, 0, 8),
    postgresVersion,
    baseImage: all.text("baseImage", "debian:trixie-slim", check.imageCheck),
    imageRevision: all.text("imageRevision", "", check.revisionCheck),
    primaryPort: all.integer("primaryPort", 5432, 0, MOST_PORT),
    replicaPort: all.integer("replicaPort", 5433, 0, MOST_PORT),
    bindAddress: all.text("bindAddress", "127.0.0.1", check.addressCheck),
    dockerHost: all.text("dockerHost", "", check.dockerHostCheck) || undefined,
    database: all.text("database", "app", check.databaseCheck),
    owner: all.text("owner", "app", check.ownerCheck),
    credentials: credentials(all.section("credentials")),
    rotation: rotation(all.section("rotation")),
    parameters: all.map("parameters", (name, value) => parameterFault(catalog, name, value)),
    extensions: all.list("extensions", [], check.extensionCheck),
    sharedPreloadLibraries: all.list(
      "sharedPreloadLibraries",
      ["pg_stat_statements"],
      check.libraryCheck,
    ),
    initSql: all.list("initSql", [], check.sqlFileCheck),
    resources: resources(all.section("resources")),
    healthTimeoutSeconds: all.integer("healthTimeoutSeconds", 120, 1, 3600),
    maxReplicationLagBytes: all.integer(
      "maxReplicationLagBytes",
      16 * 1024 * 1024,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    superuserAccess: all.flag("superuserAccess", false),
    retainVolumes: all.flag("retainVolumes", false),
    tls: tls(all.section("tls"), faults),
    pooler: pooler(all.section("pooler"), Number(raw["primaryPort"] ?? 5432) === 0),
  };
  all.close();
  faults.push(...portsFaults(settings), ...poolSizeFaults(settings));
  return { settings, faults };
}

function credentials(section: Section): CredentialSettings {
  const given = {
    postgresPassword: section.secret("postgresPassword", check.passwordCheck),
    replicationPassword: section.secret("replicationPassword", check.passwordCheck),
    appPassword: section.secret("appPassword", check.passwordCheck),
  };
  section.close();
  return given;
}

function rotation(section: Section): RotationSettings {
  const revision = (key: keyof RotationSettings): string =>
    section.text(key, "", check.revisionCheck);
  const revisions = {
    postgresPassword: revision("postgresPassword"),
    replicationPassword: revision("replicationPassword"),
    appPassword: revision("appPassword"),
    gatePassword: revision("gatePassword"),
    poolerPassword: revision("poolerPassword"),
    authority: revision("authority"),
    retireAuthority: revision("retireAuthority"),
    certificates: revision("certificates"),
  };
  section.close();
  return revisions;
}

function resources(section: Section): ResourceSettings {
  const memory = section.text("memory", "1g", check.sizeCheck("128m"));
  const shm = section.text("shm", "256m", check.sizeCheck("1m"));
  const limits = {
    memoryBytes: check.sizeBytes(memory) ?? 0,
    cpus: section.text("cpus", "", check.cpusCheck) || undefined,
    shmBytes: check.sizeBytes(shm) ?? 0,
  };
  section.close();
  return limits;
}

function tls(section: Section, faults: Fault[]): TlsSettings {
  const validityHours = section.number("validityHours", 2160, positive);
  const renewBeforeHours = section.number("renewBeforeHours", 720, positive);
  if (renewBeforeHours >= validityHours) {
    faults.push({
      key: "tls.renewBeforeHours",
      seen: renewBeforeHours,
      advice: `set less than tls.validityHours (${validityHours})`,
    });
  }
  const settings: TlsSettings = {
    mode: section.choice("mode", ["require", "prefer"], "require"),
    minVersion: section.choice("minVersion", ["1.3", "1.2"], "1.3"),
    names: section.list("names", [], checkName),
    validityHours,
    renewBeforeHours,
    ca: section.has("ca") ? authority(section.section("ca"), faults) : undefined,
  };
  section.close();
  return settings;
}

/** @param anyPort the primary's port is a free one: then these are, too, unless they are set */
function pooler(section: Section, anyPort: boolean): PoolerSettings {
  const settings: PoolerSettings = {
    enabled: section.flag("enabled", false),
    mode: section.choice("mode", POOLER_MODES, "transaction"),
    port: section.integer("port", anyPort ? 0 : 6432, 0, MOST_PORT),
    readPort: section.integer("readPort", anyPort ? 0 : 6433, 0, MOST_PORT),
    poolSize: section.integer("poolSize", 20, 1, 1000),
    maxClients: section.integer("maxClients", 1000, 10, 10_000),
    maxPreparedStatements: section.integer("maxPreparedStatements", 200, 0, 100_000),
  };
  section.close();
  return settings;
}

/** Connections that are left for everyone else: replication, the gate, whoever does not use the pooler. */
const LEFT_CONNECTIONS = 10;
/** PostgreSQL's own value. */
const MAX_CONNECTIONS = 100;

function poolSizeFaults({ pooler: given, parameters, replicas }: Settings): Fault[] {
  if (!given.enabled) return [];
  const name = Object.keys(parameters).find((key) => key.toLowerCase() === "max_connections");
  const most = Number((name && parameters[name]) ?? MAX_CONNECTIONS);
  // Without replicas both poolers lead to the primary.
  const fits = Math.floor((most - LEFT_CONNECTIONS) / (replicas === 0 ? 2 : 1));
  return Number.isNaN(most) || given.poolSize <= fits
    ? []
    : [
        {
          key: "pooler.poolSize",
          seen: given.poolSize,
          advice: `a server admits ${most} connections in all (parameters.max_connections); set at most ${Math.max(1, fits)}, or raise those`,
        },
      ];
}

function authority(section: Section, faults: Fault[]): TlsSettings["ca"] {
  const certificate = section.secret("certificate");
  const privateKey = section.secret("privateKey");
  section.close();
  if (certificate === undefined && privateKey === undefined) return undefined;
  if (certificate === undefined || privateKey === undefined) {
    faults.push({ key: "tls.ca", advice: "set both certificate and privateKey (PEM), or neither" });
    return undefined;
  }
  for (const advice of checkAuthority(certificate, privateKey)) {
    faults.push({ key: "tls.ca", advice });
  }
  return { certificate, privateKey };
}

function positive(value: number): string | undefined {
  return value > 0 ? undefined : "set more than 0";
}
