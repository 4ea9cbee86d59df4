import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseConfig, type RawConfig } from "./parse";

/** Keys of the faults that a configuration has. */
function faulty(raw: RawConfig): string[] {
  return parseConfig(raw).faults.map(({ key }) => key);
}

test("nothing set gives the guide's topology, on loopback, over TLS", () => {
  const { settings, faults } = parseConfig({});
  assert.deepEqual(faults, []);
  assert.equal(settings.replicas, 1);
  assert.equal(settings.primaryPort, 5432);
  assert.equal(settings.replicaPort, 5433);
  assert.equal(settings.bindAddress, "127.0.0.1");
  assert.equal(settings.database, "app");
  assert.equal(settings.owner, "app");
  assert.equal(settings.resources.memoryBytes, 1024 ** 3);
  assert.equal(settings.resources.shmBytes, 256 * 1024 ** 2);
  assert.equal(settings.maxReplicationLagBytes, 16777216);
  assert.equal(settings.tls.mode, "require");
  assert.equal(settings.tls.minVersion, "1.3");
  assert.equal(settings.superuserAccess, false);
  assert.equal(settings.retainVolumes, false);
  assert.deepEqual(settings.sharedPreloadLibraries, ["pg_stat_statements"]);
});

test("values arrive as texts and lists and objects as JSON", () => {
  const { settings, faults } = parseConfig({
    replicas: "3",
    superuserAccess: "true",
    extensions: '["pg_trgm","uuid-ossp"]',
    parameters: '{"max_connections":50,"jit":false,"work_mem":"8MB"}',
    resources: '{"memory":"512m","cpus":1.5}',
    tls: '{"mode":"prefer","names":["db.example.org"],"validityHours":0.5,"renewBeforeHours":0.25}',
  });
  assert.deepEqual(faults, []);
  assert.equal(settings.replicas, 3);
  assert.equal(settings.superuserAccess, true);
  assert.deepEqual(settings.extensions, ["pg_trgm", "uuid-ossp"]);
  assert.deepEqual(settings.parameters, { max_connections: "50", jit: "false", work_mem: "8MB" });
  assert.equal(settings.resources.memoryBytes, 512 * 1024 ** 2);
  assert.equal(settings.resources.cpus, "1.5");
  assert.equal(settings.tls.validityHours, 0.5);
});

const refused: readonly (readonly [RawConfig, string])[] = [
  ...["-1", "9", "1.5", "two", "", "1e0", " 1"].map(
    (replicas) => [{ replicas }, "replicas"] as const,
  ),
  ...["-1", "65536", "x"].map((primaryPort) => [{ primaryPort }, "primaryPort"] as const),
  [{ replicaPort: "70000" }, "replicaPort"],
  [{ primaryPort: "5433" }, "replicaPort"],
  [{ replicas: "3", primaryPort: "5435" }, "replicaPort"],
  [{ replicas: "8", replicaPort: "65530" }, "replicaPort"],
  [{ postgresVersion: "16" }, "postgresVersion"],
  [{ bindAddress: "localhost" }, "bindAddress"],
  [{ dockerHost: "somewhere" }, "dockerHost"],
  [{ baseImage: "Not An Image" }, "baseImage"],
  [{ database: "postgres" }, "database"],
  [{ database: 'a"b' }, "database"],
  [{ owner: "replicator" }, "owner"],
  [{ owner: "pg_x" }, "owner"],
  [{ owner: "x".repeat(64) }, "owner"],
  [{ credentials: '{"appPassword":"tränenreich"}' }, "credentials.appPassword"],
  [{ credentials: '{"appPasword":"12345678"}' }, "credentials.appPasword"],
  [{ parameters: '{"port":"1"}' }, "parameters.port"],
  [{ parameters: '{"SSL_cert_file":"x"}' }, "parameters.SSL_cert_file"],
  [{ parameters: '{"work mem":"1"}' }, "parameters.work mem"],
  [{ parameters: '{"work_mem":"1\\n2"}' }, "parameters.work_mem"],
  [{ parameters: '{"work_mem":{"a":1}}' }, "parameters.work_mem"],
  [{ parameters: '{"max_wal_senders":"2"}' }, "parameters.max_wal_senders"],
  [{ parameters: "work_mem" }, "parameters"],
  [{ parameters: "[]" }, "parameters"],
  [{ extensions: "pg_trgm" }, "extensions"],
  [{ extensions: '["a;b"]' }, "extensions[0]"],
  [{ sharedPreloadLibraries: '["a b"]' }, "sharedPreloadLibraries[0]"],
  [{ initSql: '["schema.txt"]' }, "initSql[0]"],
  [{ resources: '{"memory":"64m"}' }, "resources.memory"],
  [{ resources: '{"memory":"lots"}' }, "resources.memory"],
  [{ resources: '{"cpus":"-1"}' }, "resources.cpus"],
  [{ healthTimeoutSeconds: "0" }, "healthTimeoutSeconds"],
  [{ maxReplicationLagBytes: "-5" }, "maxReplicationLagBytes"],
  [{ superuserAccess: "yes" }, "superuserAccess"],
  [{ tls: '{"mode":"off"}' }, "tls.mode"],
  [{ tls: '{"minVersion":"1.1"}' }, "tls.minVersion"],
  [{ tls: '{"names":["a b"]}' }, "tls.names[0]"],
  [{ tls: '{"validityHours":1,"renewBeforeHours":2}' }, "tls.renewBeforeHours"],
  [{ tls: '{"ca":{"certificate":"x"}}' }, "tls.ca"],
  [{ owner: "sav3_pooler" }, "owner"],
  [{ pooler: "true" }, "pooler"],
  [{ pooler: '{"enabled":"perhaps"}' }, "pooler.enabled"],
  [{ pooler: '{"mode":"statement"}' }, "pooler.mode"],
  [{ pooler: '{"port":70000}' }, "pooler.port"],
  [{ pooler: '{"enabled":true,"port":5433}' }, "pooler.port"],
  [{ pooler: '{"enabled":true,"readPort":6432}' }, "pooler.readPort"],
  [{ pooler: '{"poolsize":3}' }, "pooler.poolsize"],
  [{ pooler: '{"enabled":true,"poolSize":91}' }, "pooler.poolSize"],
  [{ replicas: "0", pooler: '{"enabled":true,"poolSize":46}' }, "pooler.poolSize"],
  [{ rotation: '{"everything":"1"}' }, "rotation.everything"],
  [{ repicas: "1" }, "repicas"],
];

for (const [raw, key] of refused) {
  test(`refused: ${JSON.stringify(raw)}`, () => {
    assert.deepEqual(faulty(raw), [key]);
  });
}

test("all faults are found in one pass", () => {
  const raw = {
    replicas: "9",
    primaryPort: "x",
    owner: "postgres",
    tls: '{"mod":1}',
    colour: "red",
  };
  assert.deepEqual(faulty(raw), ["replicas", "primaryPort", "owner", "tls.mod", "colour"]);
});

test("an unknown key names the nearest one", () => {
  assert.match(parseConfig({ repicas: "1" }).faults[0]?.advice ?? "", /"replicas"\?/);
});

test("a fault never shows a secret", () => {
  const text = JSON.stringify(
    parseConfig({
      credentials: '{"appPassword":"geheim","postgresPasswort":"geheim2"}',
      tls: '{"ca":{"certificate":"geheim3","privateKey":"geheim4"}}',
    }).faults,
  );
  assert.doesNotMatch(text, /geheim/);
});

test("the poolers' ports are free ones where the primary's is, unless they are set", () => {
  const ports = (raw: RawConfig) => {
    const { port, readPort } = parseConfig(raw).settings.pooler;
    return [port, readPort];
  };
  assert.deepEqual(ports({}), [6432, 6433]);
  assert.deepEqual(ports({ primaryPort: "0" }), [0, 0]);
  assert.deepEqual(ports({ primaryPort: "0", pooler: '{"port":7000}' }), [7000, 0]);
});

test("a pool may be as large as the server admits, whichever way its setting is written", () => {
  const pooler = '{"enabled":true,"poolSize":190}';
  assert.deepEqual(faulty({ pooler, parameters: '{"Max_Connections":"200"}' }), []);
  assert.deepEqual(faulty({ pooler }), ["pooler.poolSize"]);
  assert.deepEqual(faulty({ pooler: '{"poolSize":190}' }), [], "no pooler, no pool");
});

test("ports of replicas never meet the primary's when a configuration is accepted", () => {
  const port = fc.oneof(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 5430, max: 5440 }));
  fc.assert(
    fc.property(fc.nat(8), port, port, (replicas, primaryPort, replicaPort) => {
      const raw = {
        replicas: String(replicas),
        primaryPort: String(primaryPort),
        replicaPort: String(replicaPort),
      };
      const used = Array.from({ length: replicas }, (_, i) =>
        replicaPort === 0 ? 0 : replicaPort + i,
      );
      const fits = used.every(
        (each) => each <= 65535 && (each === 0 || primaryPort === 0 || each !== primaryPort),
      );
      assert.equal(faulty(raw).length === 0, fits);
    }),
  );
});

test("whatever is set, parsing ends in settings or in faults that name a key", () => {
  const keys = fc.constantFrom(
    "replicas",
    "tls",
    "parameters",
    "extensions",
    "credentials",
    "owner",
    "x",
  );
  fc.assert(
    fc.property(fc.dictionary(keys, fc.oneof(fc.string(), fc.json())), (raw) => {
      const { settings, faults } = parseConfig(raw);
      assert.ok(settings.replicas >= 0 && settings.replicas <= 8);
      assert.ok(faults.every(({ key, advice }) => key !== "" && advice !== ""));
    }),
  );
});

test("no fault shows a value of credentials, of tls.ca or of a key that is kept secret", () => {
  const faults = parseConfig(
    {
      credentials: "canary",
      tls: '{"ca":"canary","names":["canary:x"]}',
      parameters: '{"work_mem":["canary"],"no_such":"canary"}',
      owner: "Canary canary",
      bindAddress: "canary",
    },
    ["parameters", "owner", "bindAddress"],
  ).faults;
  assert.deepEqual(
    faults.map(({ key }) => key).filter((key) => key !== "tls.names[0]"),
    ["bindAddress", "owner", "credentials", "parameters.work_mem", "parameters.no_such", "tls.ca"],
  );
  for (const fault of faults.filter(({ key }) => key !== "tls.names[0]")) {
    assert.doesNotMatch(JSON.stringify(fault), /canary/);
  }
  const garbage = parseConfig({ tls: "{ca: {privateKey: canary" }).faults;
  assert.equal(garbage.length, 1);
  assert.doesNotMatch(JSON.stringify(garbage), /canary/);
});
