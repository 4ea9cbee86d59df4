import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { Client } from "pg";
import { changes } from "./lib/changes";
import { cleanStops } from "./lib/clean-stops";
import { run } from "./lib/command";
import { clientConfig, connected, query, type Address } from "./lib/database";
import { belongings, docker, superuserSql } from "./lib/docker";
import { watchDeaths } from "./lib/events";
import { long, progress } from "./lib/progress";
import { testStack } from "./lib/stack";
import { eventually } from "./lib/wait";

const stack = testStack({ config: { replicas: 1 } });
const deaths = watchDeaths(stack.name);
let first: { readonly text: string };
let primary: Address;
let replicas: Address[];

before(async () => {
  first = await stack.up({ preview: true });
  primary = await stack.primary();
  replicas = await stack.replicas();
});

/** Ids of both containers: equal means that nothing was replaced. */
async function identities(): Promise<string[]> {
  return [(await stack.facts(0)).id, (await stack.facts(1)).id];
}

test("the first up ends with the health table: one primary, one streaming replica", async () => {
  assert.match(first.text, /pg-0\b.*primary/);
  assert.match(first.text, /pg-1\b.*(replica|standby)/);
  const { health } = await stack.outputs();
  assert.deepEqual(
    health.nodes.map(({ node }) => node),
    ["pg-0", "pg-1"],
  );
  assert.match(health.systemIdentifier, /^\d{10,}$/);
});

test("the engine bounds every node's processes", async () => {
  for (const node of [0, 1]) {
    const format = ["--format", "{{.HostConfig.PidsLimit}}"];
    const limit = Number(await docker("container", "inspect", ...format, stack.container(node)));
    assert.ok(limit > 1024 && limit < 4096, `pg-${node}: ${limit}`);
  }
});

test("a row written through primaryUri is read through every entry of replicaUris", async () => {
  await query(primary, "create table greeting (text text)");
  await query(primary, "insert into greeting values ('hello')");
  assert.equal(replicas.length, 1);
  for (const replica of replicas) {
    await eventually("the row is on the replica", async () => {
      const rows = await query<{ text: string }>(replica, "select text from greeting");
      return rows[0]?.text === "hello";
    });
  }
});

test("a write to a replica is refused", async () => {
  for (const replica of replicas) {
    await assert.rejects(query(replica, "insert into greeting values ('no')"), { code: "25006" });
  }
});

test("replication through the published port is refused before any password counts", async () => {
  for (const user of ["replicator", "app"]) {
    const config = { ...clientConfig(primary), user, replication: "true" };
    const client = new Client(config);
    client.on("error", () => undefined);
    await assert.rejects(client.connect(), /pg_hba.conf rejects replication connection|28000/);
    await client.end().catch(() => undefined);
  }
});

test("the application's role owns its database and is nothing more", async () => {
  const [role] = await query(
    primary,
    `select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
       pg_get_userbyid(datdba) = current_user as owner
     from pg_roles, pg_database where rolname = current_user and datname = current_database()`,
  );
  assert.deepEqual(role, {
    rolsuper: false,
    rolcreaterole: false,
    rolcreatedb: false,
    rolreplication: false,
    rolbypassrls: false,
    owner: true,
  });
});

test("the cluster has checksums, scram and the builtin C.UTF-8 locale", async () => {
  const [facts] = await query(
    primary,
    `select current_setting('data_checksums') as checksums,
       current_setting('password_encryption') as passwords, datlocprovider as provider,
       datlocale as locale, pg_encoding_to_char(encoding) as encoding
     from pg_database where datname = current_database()`,
  );
  assert.deepEqual(facts, {
    checksums: "on",
    passwords: "scram-sha-256",
    provider: "b",
    locale: "C.UTF-8",
    encoding: "UTF8",
  });
});

test("pg_stat_statements is loaded on every node", async () => {
  for (const node of [primary, ...replicas]) {
    const [row] = await query(node, "select current_setting('pg_stat_statements.max') as max");
    assert.ok(row);
  }
});

test("another up changes nothing, however often", async () => {
  const before = await identities();
  // Without the gate's consent none of them would end well: no false alarm in twenty.
  for (let n = 1; n <= (long ? 20 : 3); n += 1) {
    const { total, unchanged } = await stack.up();
    assert.equal(total, 0, `up number ${n}`);
    assert.ok(unchanged > 5);
  }
  assert.deepEqual(await identities(), before);
});

test("refresh changes nothing, nor does the up after it", async () => {
  const refreshed = await stack.pulumi(["refresh", "--yes"]);
  assert.equal(changes(refreshed.text).total, 0, refreshed.text);
  assert.equal((await stack.up()).total, 0);
});

test("a changed parameter is reloaded on every node and replaces nothing", async () => {
  const before = await identities();
  const sessions = await connected(primary, async (client) => {
    const pid = async (): Promise<unknown> =>
      (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
    const earlier = await pid();
    const { replaced, created, deleted } = await stack.up({
      config: { parameters: { work_mem: "8MB" } },
    });
    assert.deepEqual({ replaced, created, deleted }, { replaced: 0, created: 0, deleted: 0 });
    return { earlier, later: await pid() };
  });
  assert.equal(sessions.later, sessions.earlier, "the open session stayed");
  assert.deepEqual(await identities(), before);
  for (const node of [primary, ...replicas]) {
    assert.deepEqual(await query(node, "show work_mem"), [{ work_mem: "8MB" }]);
  }
});

test("a changed password replaces nothing, counts at once, and the old one is refused", async () => {
  const before = await identities();
  // Characters that URIs, shells, SQL and password files each treat in their own way.
  const password = "n3w $pa'ss\"w:o\\r/d%@";
  await stack.pulumi([
    "config",
    "set",
    "--secret",
    "--path",
    "sav3-postgres:credentials.appPassword",
    password,
  ]);
  // The generated password that it takes the place of is the one resource that goes.
  const { replaced, created } = await stack.up();
  assert.deepEqual({ replaced, created }, { replaced: 0, created: 0 });
  assert.deepEqual(await identities(), before);
  const old = primary;
  primary = await stack.primary();
  replicas = await stack.replicas();
  assert.equal(clientConfig(primary).password, password);
  assert.deepEqual(await query(primary, "select 1 as one"), [{ one: 1 }]);
  for (const replica of replicas) {
    await eventually("the replica knows the password", () => query(replica, "select 1"));
  }
  await assert.rejects(query(old, "select 1"), { code: "28P01" });
  assert.equal((await stack.up()).total, 0);
});

test("status prints a table, and as JSON says healthy", async () => {
  const table = await stack.command("status");
  assert.equal(table.code, 0, table.text);
  for (const word of ["pg-0", "pg-1", "primary", stack.container(1)]) {
    assert.ok(table.stdout.includes(word), `${word} in\n${table.stdout}`);
  }
  const json = await stack.command("status", ["--json"]);
  const status = JSON.parse(json.stdout) as {
    healthy: boolean;
    nodes: { name: string; container: string; role: string }[];
  };
  assert.equal(status.healthy, true);
  assert.deepEqual(
    status.nodes.map(({ name, role }) => `${name} ${role}`),
    ["pg-0 primary", "pg-1 replica"],
  );
});

test("psql runs SQL through the engine; logs and env give what they promise", async () => {
  const psql = await stack.command("psql", ["-At", "-c", "select 6 * 7"]);
  assert.equal(psql.code, 0, psql.text);
  assert.match(psql.stdout, /^42$/m);
  const logs = await stack.command("logs", ["--node", "pg-1"]);
  assert.equal(logs.code, 0, logs.text);
  assert.match(logs.text, /database system is ready to accept read-only connections/);
  const file = join(stack.stateFolder, "env");
  const env = await stack.command("env", ["--file", file]);
  assert.equal(env.code, 0, env.text);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  // What a shell makes of the file is what libpq gets: the server's certificate is checked with it.
  const shell = `set -a; . "${file}"; exec docker run --rm --network host --user "$(id -u)"`;
  const mount = `-v "$PGSSLROOTCERT:$PGSSLROOTCERT:ro" -e DATABASE_URL --entrypoint psql`;
  const { image } = await stack.facts(0);
  const reached = await run("sh", [
    "-ec",
    `${shell} ${mount} ${image} -At -c "select 6 * 7" "$DATABASE_URL"`,
  ]);
  assert.equal(reached.stdout.trim(), "42", reached.text);
});

test("no slot is left without its replica, and the gate leaves one row behind at most", async () => {
  const slots = await superuserSql(
    stack.container(0),
    "select slot_name, active from pg_replication_slots",
  );
  assert.equal(slots, "pg_1|t");
  const rows = await superuserSql(stack.container(0), "select count(*) from sav3.gate");
  assert.ok(Number(rows) <= 1, `${rows} rows in sav3.gate`);
});

test("down stops every node cleanly and leaves no container, volume or network", async () => {
  assert.deepEqual(deaths(), [], "nothing before has stopped a node");
  const down = await stack.command("down", ["--yes"]);
  assert.equal(down.code, 0, down.text);
  progress("down");
  await cleanStops(deaths, 2);
  assert.deepEqual(await belongings(stack.name), { containers: [], volumes: [], networks: [] });
});
