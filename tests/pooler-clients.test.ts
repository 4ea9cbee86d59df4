import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { finished } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { must, run } from "./lib/command";
import { connected } from "./lib/database";
import { docker } from "./lib/docker";
import { pooled } from "./lib/pooled";
import { checkout, testStack } from "./lib/stack";

const stack = testStack({ config: { replicas: 0, pooler: { enabled: true } } });
const image = "sav3-postgres/test-clients";
const client = `${stack.prefix}-drivers`;

/** What Debian's tools trust; elsewhere the image's own authorities are enough. */
const trusted = "/etc/ssl/certs/ca-certificates.crt";

before(async () => {
  const context = mkdtempSync(join(tmpdir(), "sav3-clients-"));
  try {
    cpSync(join(checkout, "tests/clients"), context, { recursive: true });
    if (existsSync(trusted)) copyFileSync(trusted, join(context, "trusted.crt"));
    else writeFileSync(join(context, "trusted.crt"), "");
    const build = must("docker", ["build", "--quiet", "--tag", image, context], {
      timeoutSeconds: 600,
    });
    await Promise.all([build, stack.up()]);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  await docker(
    ...["run", "--detach", "--rm", "--name", client, "--network", "host"],
    ...["--label", `sav3.stack=${stack.name}`, image, "sleep", "infinity"],
  );
  const { ca } = await pooled(stack);
  await inside("cat > /tmp/ca.crt", ca);
});

after(async () => {
  await run("docker", ["rm", "--force", client]);
});

async function inside(script: string, input: string) {
  return run("docker", ["exec", "-i", client, "sh", "-c", script], { input });
}

/** The pooled URI as libpq takes it in that container, and as JDBC does. */
async function uris() {
  const url = new URL((await pooled(stack)).uri);
  const [user, password] = [url.username, url.password].map(decodeURIComponent);
  const trust = { sslmode: "verify-full", sslrootcert: "/tmp/ca.crt" };
  const login = new URLSearchParams({ user: user ?? "", password: password ?? "", ...trust });
  url.search = new URLSearchParams(trust).toString();
  return {
    libpq: url.href,
    jdbc: `jdbc:postgresql://${url.host}${url.pathname}?${login.toString()}`,
  };
}

const expected = "prepared 20\ntransaction 2\ncopy 1000\n";

test("psycopg: a prepared statement, a transaction and a COPY", async () => {
  const { libpq } = await uris();
  const { code, stdout, text } = await inside(
    "read -r URI; export URI; python3 /through.py",
    libpq,
  );
  assert.equal(code, 0, text);
  assert.equal(stdout, expected);
});

test("JDBC: a prepared statement, a transaction and a COPY", async () => {
  const { jdbc } = await uris();
  const script = "read -r JDBC_URI; export JDBC_URI; java -cp /jdbc.jar /Through.java";
  const { code, stdout, text } = await inside(script, jdbc);
  assert.equal(code, 0, text);
  assert.equal(stdout, expected);
});

test("node-postgres: a prepared statement, a transaction and a COPY", async () => {
  await connected(await pooled(stack), async (pg) => {
    for (let n = 0; n < 20; n += 1) {
      const { rows } = await pg.query<{ sum: number }>({
        name: "plus-one",
        text: "select $1::int + 1 as sum",
        values: [n],
      });
      assert.deepEqual(rows, [{ sum: n + 1 }]);
    }
    await pg.query("create table from_node (n int primary key)");
    await pg.query("begin");
    await pg.query("insert into from_node values (1)");
    await assert.rejects(pg.query("insert into from_node values (1)"), /duplicate key/);
    await pg.query("rollback");
    await pg.query("begin");
    await pg.query("insert into from_node values (2)");
    await pg.query("commit");
    const { rows } = await pg.query("select n from from_node");
    assert.deepEqual(rows, [{ n: 2 }]);
    const copy = copyFrom("copy from_node from stdin");
    const done = finished(pg.query(copy));
    for (let n = 1000; n < 2000; n += 1) copy.write(`${n}\n`);
    copy.end();
    await done;
    const counted = await pg.query("select count(*)::int as n from from_node where n >= 1000");
    assert.deepEqual(counted.rows, [{ n: 1000 }]);
  });
});
