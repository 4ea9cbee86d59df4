import assert from "node:assert/strict";
import { before, test } from "node:test";
import { run } from "./lib/command";
import { docker, exec } from "./lib/docker";
import { eventually } from "./lib/wait";
import { ImageCluster, buildImage, cleanUp, passwords } from "./image/cluster";
import type { ImageNode } from "./image/node";
import { watchProcesses } from "./image/processes";

cleanUp();

let cluster: ImageCluster;
let primary: ImageNode;
let standby: ImageNode;

before(async () => {
  const image = await buildImage();
  cluster = await ImageCluster.make(image);
  primary = cluster.node(0);
  standby = cluster.node(1);
  await Promise.all([primary.create(), standby.create()]);
});

/** Can this role log in over TLS with this password? Asked from the standby's container. */
async function logsIn(role: string, password: string): Promise<boolean> {
  const uri = `host=pg-primary user=${role} dbname=app sslmode=verify-full sslrootcert=/etc/sav3/ca.crt`;
  const script = `read -r PGPASSWORD; export PGPASSWORD; exec psql -XAtc 'select 1' '${uri}'`;
  const finished = await exec(standby.container, ["bash", "-c", script], {
    input: `${password}\n`,
  });
  return finished.code === 0;
}

test("nodes wait for their files, and no process ever carries a secret", async () => {
  await Promise.all([primary.start(), standby.start()]);
  const words = [...Object.values(passwords), "SCRAM-SHA-256$", "PRIVATE"];
  const watches = [primary, standby].map((node) => watchProcesses(node.container, words));
  for (const node of [primary, standby]) {
    await eventually("says what it waits for", async () =>
      (await node.log()).includes("sav3: waiting for the settings in /etc/sav3"),
    );
    assert.deepEqual(await node.apply(), { state: "waiting" });
  }
  await standby.putAll(await cluster.files(1));
  await primary.putAll(await cluster.files(0));
  await standby.streams();
  for (const node of [primary, standby]) await node.apply();

  for (const watch of watches) {
    const seen = await watch.stop();
    assert.ok(seen.looks > 10, `looked ${seen.looks} times`);
    assert.deepEqual(seen.found, []);
  }
  const logs = (await primary.log()) + (await standby.log());
  for (const word of words) {
    assert.ok(!logs.includes(word), `${word} in a log`);
  }
});

test("pg_isready says no until the cluster is complete", async () => {
  const other = await ImageCluster.make(primary.options.image);
  const node = await other.begin(0);
  await eventually(
    "pg_isready says yes",
    async () => (await run("docker", ["exec", node.container, "pg_isready"])).code === 0,
    { everyMs: 10 },
  );
  assert.match(await node.log(), /^sav3: cluster \d+ initialised$/m);
});

test("a new cluster has checksums, scram, the builtin locale, its roles and its database", async () => {
  const facts = await primary.sql(`
    select current_setting('data_checksums'), current_setting('password_encryption');
    select datlocprovider, datlocale, pg_encoding_to_char(encoding), pg_get_userbyid(datdba)
      from pg_database where datname = 'app';
    select rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
      from pg_roles where rolcanlogin order by 1;
    select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'sav3';`);
  assert.deepEqual(facts.split("\n"), [
    "on|scram-sha-256",
    "b|C.UTF-8|UTF8|app",
    "app|f|f|f|f|f",
    "postgres|t|t|t|t|t",
    "replicator|f|f|f|t|f",
    "sav3_gate|f|f|f|f|f",
    "sav3_gate",
  ]);
  const own =
    "select tableowner from pg_tables where tablename = 'once'; select count(*) from once;";
  assert.equal(await primary.sql(own, "app"), "app\n1");
  assert.equal(
    await primary.sql("select count(*) from pg_extension where extname='hstore'", "app"),
    "1",
  );
});

test("roles log in with the passwords behind their verifiers, the gate may write nowhere else", async () => {
  assert.ok(await logsIn("app", passwords.owner));
  assert.ok(!(await logsIn("app", passwords.gate)));
  const privileges = await primary.sql(`
    select has_database_privilege('sav3_gate', 'app', 'connect'),
      has_database_privilege('sav3_gate', 'postgres', 'create'),
      has_database_privilege('sav3_gate', 'postgres', 'temp'),
      has_schema_privilege('sav3_gate', 'public', 'create'),
      has_table_privilege('sav3_gate', 'sav3.gate', 'insert'),
      pg_has_role('sav3_gate', 'pg_monitor', 'usage')`);
  assert.equal(privileges, "f|f|f|f|t|t");
});

test("a standby streams over TLS with its certificate, through its own slot", async () => {
  const facts = await primary.sql(`
    select application_name, state, ssl, version, client_dn, slot_name, active
      from pg_stat_replication join pg_stat_ssl using (pid) join pg_replication_slots on active_pid = pid`);
  assert.equal(facts, "pg_1|streaming|t|TLSv1.3|/CN=replicator|pg_1|t");
  await primary.sql("create table seen (i int); insert into seen values (42)", "app");
  await standby.catchUp(primary);
  assert.equal(await standby.sql("select i from seen", "app"), "42");
});

test("a standby refuses a primary that another authority vouches for", async () => {
  const stranger = await ImageCluster.make(primary.options.image);
  const node = cluster.node(2);
  await node.create();
  const theirs = await stranger.files(2);
  const files = await cluster.files(2);
  await node.putAll({ ...files, "ca.crt": theirs["ca.crt"] ?? "" });
  await node.start();
  await eventually("says that it does not trust", async () =>
    /sav3: waiting for the primary: .*certificate verify failed/.test(await node.log()),
  );
  await docker("rm", "--force", node.container);
});

test("apply reloads what can be reloaded and names what needs a restart", async () => {
  const parameters = { work_mem: "7MB", track_activity_query_size: "2048" };
  for (const [index, node] of [primary, standby].entries()) {
    const started = await node.sql("select pg_postmaster_start_time()");
    await node.put(await cluster.files(index, { parameters }));
    const { state, role, pendingRestart } = await node.apply();
    assert.equal(state, "applied");
    assert.equal(role, index === 0 ? "primary" : "standby");
    assert.deepEqual(pendingRestart, ["track_activity_query_size"]);
    assert.equal(await node.sql("show work_mem"), "7MB");
    assert.equal(await node.sql("select pg_postmaster_start_time()"), started);
  }
  for (const node of [standby, primary]) await docker("restart", node.container);
  for (const [index, node] of [primary, standby].entries()) {
    await node.ready();
    assert.equal(await node.sql("show track_activity_query_size"), "2kB");
    await node.put(await cluster.files(index));
    assert.deepEqual(
      (await node.apply()).pendingRestart,
      ["track_activity_query_size"],
      "removed again",
    );
    assert.equal(await node.sql("show work_mem"), "4MB");
  }
  await standby.streams();
});

test("apply exchanges a changed password, without its clear text and without a trace", async () => {
  const changed = "canary-app-second";
  await primary.put(await cluster.files(0, { passwords: { owner: changed } }));
  await primary.apply();
  assert.deepEqual(
    [await logsIn("app", passwords.owner), await logsIn("app", changed)],
    [false, true],
  );
  await primary.put(await cluster.files(0));
  await primary.apply();
  assert.ok(await logsIn("app", passwords.owner));
  const log = await primary.log();
  assert.ok(!log.includes("SCRAM-SHA-256$") && !log.includes(changed));
});

test("a primary whose files changed while it was away follows them before anyone connects", async () => {
  const stored = () => primary.sql("select rolpassword from pg_authid where rolname = 'app'");
  const changed = await cluster.files(0, { passwords: { owner: "canary-app-third" } });
  await primary.stop();
  await primary.put(changed);
  await primary.start();
  await primary.ready();
  assert.equal(await stored(), changed["APP_PASSWORD"]?.trim());
  assert.match(await primary.log(), /^sav3: password of role app changed$/m);
  await primary.stop();
  await primary.put(await cluster.files(0));
  await primary.start();
  await primary.ready();
  assert.equal(await stored(), (await cluster.files(0))["APP_PASSWORD"]?.trim());
  await standby.streams();
});

test("a kept volume takes over the passwords and settings of new files", async () => {
  const other = await ImageCluster.make(primary.options.image);
  const old = await other.begin(0);
  await old.ready();
  await docker("rm", "--force", old.container);
  const files = await other.files(0, { passwords: { owner: "another" }, slots: ["pg_1", "pg_2"] });
  const node = other.node(0, { host: "pg-0-later", data: old.data });
  await node.create();
  await node.putAll(files);
  await node.start();
  await node.ready();
  const stored = await node.sql("select rolpassword from pg_authid where rolname = 'app'");
  assert.equal(stored, files["APP_PASSWORD"]?.trim());
  assert.equal(await node.sql("select count(*) from pg_replication_slots"), "2");
  assert.equal(await node.sql("select count(*) from once", "app"), "1");
});

test("apply makes the slots of new replicas and drops those of replicas that left", async () => {
  const slots = async (): Promise<string> =>
    primary.sql("select string_agg(slot_name, ' ' order by slot_name) from pg_replication_slots");
  await primary.put(await cluster.files(0, { slots: ["pg_1", "pg_2", "pg_3"] }));
  await primary.apply();
  assert.equal(await slots(), "pg_1 pg_2 pg_3");
  await primary.put(await cluster.files(0, { slots: [] }));
  await primary.apply();
  assert.equal(await slots(), "", "dropped although pg-1 was streaming");
  await primary.put(await cluster.files(0));
  await primary.apply();
  await standby.streams();
});

test("apply refuses bad files with the place of the fault, and reloads nothing", async () => {
  const good = await cluster.files(0);
  const other = await cluster.files(0);
  const append = (file: string, line: string) => ({ [file]: `${good[file] ?? ""}${line}\n` });
  const cases: [string, Record<string, string>, RegExp][] = [
    [
      "unknown setting",
      append("postgresql.conf", "wrok_mem = 1MB"),
      /postgresql\.conf.* line \d+.*wrok_mem|wrok_mem.* line \d+/,
    ],
    [
      "bad value",
      append("postgresql.conf", "work_mem = banana"),
      /line \d+: work_mem.*|"work_mem": "banana"/,
    ],
    [
      "bad restart-only value",
      append("postgresql.conf", "shared_buffers = banana"),
      /"shared_buffers": "banana"/,
    ],
    [
      "too much memory",
      append("postgresql.conf", "shared_buffers = 15TB"),
      /shared_buffers|shared memory/,
    ],
    [
      "library",
      append("postgresql.conf", "shared_preload_libraries = 'nowhere'"),
      /"nowhere" is not in this image/,
    ],
    ["rule", append("pg_hba.conf", "hostssl all all nowhere"), /pg_hba\.conf line \d+: /],
    [
      "key of another certificate",
      { "server.key": other["server.key"] ?? "" },
      /server\.crt does not belong to .*server\.key/,
    ],
    ["authority", { "ca.crt": "nothing\n" }, /ca\.crt holds no certificate/],
  ];
  for (const [name, files, expected] of cases) {
    const conf = files["postgresql.conf"] ?? good["postgresql.conf"] ?? "";
    const changed = `${conf}deadlock_timeout = 1234ms\n`;
    await primary.put({ ...good, ...files, "postgresql.conf": changed });
    const text = await primary.applyRefusal(name);
    assert.match(text, /^sav3: refused: /, name);
    assert.match(text, expected, name);
    assert.equal(await primary.sql("show deadlock_timeout"), "1s", name);
  }
  await primary.put(good);
  assert.equal((await primary.apply()).state, "applied");
});

test("every stop is a clean one, and a standby may be up before its primary", async () => {
  await standby.stop();
  await primary.stop();
  assert.deepEqual([await standby.exitCode(), await primary.exitCode()], [0, 0]);
  assert.equal(await standby.control("Database cluster state"), "shut down in recovery");
  assert.equal(await primary.control("Database cluster state"), "shut down");

  await standby.start();
  await standby.ready();
  assert.equal(await standby.sql("select count(*) from once", "app"), "1");
  await primary.start();
  await standby.streams();
});

test("a start amid the writing of new files waits for the rest of them", async () => {
  const good = await cluster.files(0);
  const { "server.key": key = "" } = await cluster.files(0);
  await primary.stop();
  await primary.put({ ...good, "server.key": key });
  await primary.start();
  await eventually("it has seen files that do not fit together", async () =>
    (await primary.log()).includes("once more"),
  );
  await primary.put(good);
  await primary.ready();
  assert.doesNotMatch(await primary.log(), /sav3: refused/);
  await standby.streams();
});

test("a restart of every container at once ends in streaming", async () => {
  await docker("restart", "--time", "60", primary.container, standby.container);
  await standby.streams();
  await primary.sql("insert into once default values", "app");
  await standby.catchUp(primary);
  assert.equal(await standby.sql("select count(*) from once", "app"), "2");
});
