import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PostgresCluster } from "../components/cluster";
import { parseConfig, type RawConfig } from "../components/config/parse";
import { record, violations, type PolicyResource } from "../policy/resource";
import { rules } from "../policy/rules";

/** What the tests look at: every resource that the program registers, without any engine. */

const PASSWORD = "MockedPasswordOfTheRole";
const KEY = "-----BEGIN PRIVATE KEY-----mock";
let registered: PolicyResource[] = [];
/** Names of properties that were sent as secrets, by resource. */
let secrets = new Map<string, string[]>();

const state = mkdtempSync(join(tmpdir(), "sav3-construction-"));
process.env["SAV3_STATE"] = state;
after(() => {
  rmSync(state, { recursive: true, force: true });
});

const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Takes the wrapping off secrets wherever they stand. */
function clear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clear);
  if (typeof value !== "object" || value === null) return value;
  const object = record(value);
  if (SECRET_SIGNATURE in object) return clear(object["value"]);
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, clear(inner)]));
}

/** What the plugins would add to the inputs. */
function outputsOf({ type, name }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  if (type.endsWith(":Network")) {
    return { ipamConfigs: [{ subnet: "172.30.0.0/16", gateway: "172.30.0.1" }] };
  }
  if (type.endsWith(":RemoteImage")) return { imageId: `sha256:${"ab".repeat(32)}` };
  if (type.endsWith(":RandomPassword")) return { result: pulumi.secret(PASSWORD) };
  if (!type.startsWith("pulumi-nodejs:dynamic")) return {};
  // Each of the program's own resources finds its outputs among these.
  return {
    port: 20_000 + Number(/\d+/.exec(name)?.[0] ?? 0),
    certificate: `certificate of ${name}`,
    privateKey: KEY,
    previous: "",
    crossCertificate: "",
    list: "CRL",
    contentHash: "hash",
    restarted: [],
    health: { primary: "pg-0" },
  };
}

async function construct(raw: RawConfig = {}, preview = false) {
  registered = [];
  secrets = new Map();
  const { settings, faults } = parseConfig(raw);
  assert.deepEqual(faults, []);
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        const inputs = record(args.inputs);
        secrets.set(
          args.name,
          Object.keys(inputs).filter((key) => SECRET_SIGNATURE in record(inputs[key])),
        );
        registered.push({ type: args.type, name: args.name, props: record(clear(inputs)) });
        return { id: `${args.name}-id`, state: { ...record(args.inputs), ...outputsOf(args) } };
      },
      call: () => ({}),
    },
    "sav3-postgres",
    "test",
    preview,
  );
  const cluster = new PostgresCluster("postgres", {
    id: { project: "sav3-postgres", stack: "test" },
    settings,
    engine: { address: "unix:///var/run/docker.sock", platform: "linux/amd64" },
    initSql: [{ file: "init/01-schema.sql", content: "select 1" }],
  });
  await pulumi.runtime.disconnect();
  return cluster;
}

/** Waits for an output and everything before it. */
function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

function one(name: string): PolicyResource {
  const found = registered.filter((resource) => resource.name === name);
  assert.equal(found.length, 1, `${name} among ${registered.map((r) => r.name).join(" ")}`);
  return found[0] ?? assert.fail();
}

/** Docker's own names of everything of a kind. */
function physical(kind: string): unknown[] {
  return registered
    .filter(({ type }) => type.endsWith(`:${kind}`))
    .map(({ props }) => props["name"])
    .sort();
}

test("one replica: exactly these things, by these names", async () => {
  await construct();
  assert.deepEqual(physical("Container"), ["sav3-postgres-test-pg-0", "sav3-postgres-test-pg-1"]);
  assert.deepEqual(physical("Network"), ["sav3-postgres-test"]);
  assert.deepEqual(physical("Volume"), [
    "sav3-postgres-test-pg-0-config",
    "sav3-postgres-test-pg-0-data",
    "sav3-postgres-test-pg-1-config",
    "sav3-postgres-test-pg-1-data",
  ]);
});

test("a container's inputs, complete", async () => {
  await construct();
  const { image, ...rest } = one("postgres-1-container").props;
  assert.match(String(image), /^sav3-postgres\/node:[0-9a-f]{16}$/);
  assert.deepEqual(rest, {
    name: "sav3-postgres-test-pg-1",
    hostname: "pg-1",
    command: ["replica-entrypoint.sh"],
    user: "999:999",
    restart: "unless-stopped",
    stopSignal: "SIGINT",
    stopTimeout: 60,
    destroyGraceSeconds: 60,
    memory: 1024,
    memorySwap: 1024,
    shmSize: 256,
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges"],
    readOnly: true,
    networkMode: "bridge",
    networksAdvanced: [
      { name: "sav3-postgres-test", aliases: ["pg-1", "pg-replica-1", "pg-replicas"] },
    ],
    ports: [{ internal: 5432, external: 5433, ip: "127.0.0.1", protocol: "tcp" }],
    volumes: [
      { volumeName: "sav3-postgres-test-pg-1-data", containerPath: "/var/lib/postgresql" },
      { volumeName: "sav3-postgres-test-pg-1-config", containerPath: "/etc/sav3" },
    ],
    tmpfs: {
      "/run/postgresql": "rw,noexec,nosuid,size=16m,uid=999,gid=999,mode=0755",
      "/tmp": "rw,nosuid,size=256m,mode=1777",
    },
    labels: [
      { label: "com.docker.compose.project", value: "sav3-postgres-test" },
      { label: "sav3.node", value: "1" },
      { label: "sav3.project", value: "sav3-postgres" },
      { label: "sav3.service", value: "postgres" },
      { label: "sav3.stack", value: "test" },
    ],
  });
});

test("nodes are replicas + 1, for 0 to 8 replicas", async () => {
  for (const replicas of [0, 3, 8]) {
    await construct({ replicas: String(replicas) });
    assert.equal(physical("Container").length, replicas + 1);
    assert.equal(physical("Volume").length, 2 * (replicas + 1));
  }
});

test("port 0 is chosen by a resource and kept; other ports are stated", async () => {
  await construct({ primaryPort: "0", replicaPort: "0", replicas: "2" });
  assert.equal(registered.filter(({ name }) => name.endsWith("-port")).length, 3);
  const ports = one("postgres-2-container").props["ports"];
  assert.deepEqual(ports, [{ internal: 5432, external: 20_002, ip: "127.0.0.1", protocol: "tcp" }]);
});

test("the outputs: URIs over verified TLS, secret; the superuser's only when asked for", async () => {
  const cluster = await construct({ owner: "shop", database: "store" });
  assert.match(
    await valueOf(cluster.primaryUri),
    /^postgresql:\/\/shop:MockedPasswordOfTheRole@127\.0\.0\.1:5432\/store\?sslmode=verify-full&sslrootcert=/,
  );
  assert.equal((await valueOf(cluster.replicaUris)).length, 1);
  assert.equal(cluster.adminUri, undefined);
  assert.equal(await pulumi.isSecret(cluster.primaryUri), true);
  assert.equal(await pulumi.isSecret(cluster.replicaUris), true);
  assert.equal(await pulumi.isSecret(cluster.connection), true);
  assert.equal(await pulumi.isSecret(cluster.nodes), false);

  const open = await construct({ superuserAccess: "true" });
  assert.match(await valueOf(open.adminUri ?? assert.fail()), /^postgresql:\/\/postgres:/);
});

test("secrets reach only resources that keep them secret, and no container", async () => {
  await construct({ credentials: '{"appPassword":"canary-of-the-user"}' });
  assert.ok(secrets.get("postgres-settings")?.includes("nodes"));
  assert.ok(secrets.get("postgres-gate")?.includes("password"));
  assert.ok(secrets.get("postgres-gate")?.includes("privateKey"));
  for (const { type, name, props } of registered) {
    const text = JSON.stringify(props);
    if (type.startsWith("docker:") || type.startsWith("sav3:")) {
      assert.doesNotMatch(text, /canary-of-the-user|MockedPassword|PRIVATE KEY/, name);
    }
  }
});

test("the primary's disk has verifiers, a standby's the replication password, nobody the others", async () => {
  await construct();
  const nodes = one("postgres-settings").props["nodes"];
  assert.ok(Array.isArray(nodes));
  const [primary, standby] = nodes.map((node) => record(record(node)["files"]));
  for (const file of ["POSTGRES", "REPLICATION", "APP", "GATE"]) {
    assert.match(String(primary?.[`${file}_PASSWORD`]), /^SCRAM-SHA-256\$4096:/);
  }
  assert.doesNotMatch(JSON.stringify(primary), new RegExp(PASSWORD));
  assert.equal(standby?.["REPLICATION_PASSWORD"], `pg-primary:5432:*:replicator:${PASSWORD}\n`);
  assert.equal(standby["APP_PASSWORD"], undefined);
  assert.equal(primary?.["init/01-schema.sql"], "select 1");
  assert.match(String(primary["cluster.sh"]), /^SLOTS='pg_1'$/m);
  assert.match(
    String(primary["pg_hba.conf"]),
    /host {2}replication {2}all {2}172\.30\.0\.1\/32 {2}reject/,
  );
});

test("the poolers: two more containers with a small volume each, and nothing of them unless asked for", async () => {
  const without = await construct();
  assert.equal(without.pooledUri, undefined);
  assert.ok(registered.every(({ name, type }) => !/pooler/i.test(name + type)));

  const cluster = await construct({ replicas: "2", pooler: '{"enabled":true,"readPort":0}' });
  assert.deepEqual(physical("Container").slice(-2), [
    "sav3-postgres-test-pgbouncer",
    "sav3-postgres-test-pgbouncer-read",
  ]);
  assert.equal(physical("Volume").length, 8);
  const { image, ...rest } = one("postgres-pooler-write-container").props;
  assert.match(String(image), /^sav3-postgres\/pgbouncer:[0-9a-f]{16}$/);
  assert.deepEqual(rest, {
    name: "sav3-postgres-test-pgbouncer",
    hostname: "pgbouncer",
    command: ["pgbouncer-entrypoint.sh"],
    user: "999:999",
    restart: "unless-stopped",
    stopSignal: "SIGINT",
    stopTimeout: 60,
    destroyGraceSeconds: 60,
    memory: 225,
    memorySwap: 225,
    shmSize: 64,
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges"],
    readOnly: true,
    networkMode: "bridge",
    networksAdvanced: [{ name: "sav3-postgres-test", aliases: ["pgbouncer"] }],
    ports: [{ internal: 6432, external: 6432, ip: "127.0.0.1", protocol: "tcp" }],
    volumes: [{ volumeName: "sav3-postgres-test-pgbouncer-config", containerPath: "/etc/sav3" }],
    tmpfs: {
      "/run/pgbouncer": "rw,noexec,nosuid,size=1m,uid=999,gid=999,mode=0700",
      "/tmp": "rw,noexec,nosuid,size=16m,mode=1777",
    },
    labels: [
      { label: "com.docker.compose.project", value: "sav3-postgres-test" },
      { label: "sav3.project", value: "sav3-postgres" },
      { label: "sav3.service", value: "pgbouncer" },
      { label: "sav3.stack", value: "test" },
    ],
  });
  assert.match(
    await valueOf(cluster.pooledUri ?? assert.fail()),
    /^postgresql:\/\/app:MockedPasswordOfTheRole@127\.0\.0\.1:6432\/app\?sslmode=verify-full/,
  );
  assert.match(await valueOf(cluster.pooledReadUri ?? assert.fail()), /@127\.0\.0\.1:20000\//);
  assert.equal(await pulumi.isSecret(cluster.pooledUri ?? assert.fail()), true);
  assert.ok(secrets.get("postgres-pooler-files")?.includes("poolers"));
  assert.ok(secrets.get("postgres-gate")?.includes("pooler"));
});

test("the read pooler leads to the replicas, or to the primary when there are none", async () => {
  for (const [replicas, hosts] of [
    ["2", ["pg-primary", "pg-replicas"]],
    ["0", ["pg-primary", "pg-primary"]],
  ] as const) {
    await construct({ replicas, pooler: '{"enabled":true}' });
    const poolers = one("postgres-pooler-files").props["poolers"];
    assert.ok(Array.isArray(poolers));
    const found = poolers.map((each) => {
      const ini = String(record(record(each)["files"])["pgbouncer.ini"]);
      return /^app = host=(\S+)/m.exec(ini)?.[1];
    });
    assert.deepEqual(found, hosts);
  }
});

test("the image's name follows its content and nothing else", async () => {
  const imageOf = async (raw: RawConfig) => {
    await construct(raw);
    return one("postgres-0-container").props["image"];
  };
  const before = await imageOf({});
  assert.equal(await imageOf({ replicas: "0", primaryPort: "6000" }), before);
  assert.notEqual(await imageOf({ imageRevision: "2" }), before);
  assert.notEqual(await imageOf({ baseImage: "debian:trixie-20251117-slim" }), before);
});

test("every resource passes the rules, under several configurations", async () => {
  const configurations: RawConfig[] = [
    {},
    { replicas: "8", superuserAccess: "true", tls: '{"mode":"prefer"}' },
    { replicas: "0", primaryPort: "0", resources: '{"memory":"256m","cpus":"0.5"}' },
    { replicas: "2", pooler: '{"enabled":true}' },
  ];
  for (const raw of configurations) {
    await construct(raw);
    assert.deepEqual(violations(registered, rules), []);
  }
});
