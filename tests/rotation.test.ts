import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Finished } from "./lib/command";
import { query, type Address } from "./lib/database";
import { docker, superuserSql } from "./lib/docker";
import { measured } from "./lib/measured";
import { allowed } from "./lib/progress";
import { emptyData } from "./lib/sick";
import { testStack } from "./lib/stack";
import { eventually } from "./lib/wait";
import { Writer } from "./lib/writer";
import { Client } from "./tls/client";
import { FreshReader } from "./tls/reader";
import { secrets } from "./tls/secrets";
import { Streaming } from "./tls/streaming";

const stack = testStack({ config: { replicas: 1, superuserAccess: true } });
let client: Client;
let writer: Writer;
let reader: FreshReader;
let streaming: Streaming;
let identities: string[];

before(async () => {
  await stack.up();
  client = await Client.start(stack, stack.prefix);
  writer = await Writer.start(await stack.primary());
  running.push(writer);
  reader = new FreshReader(await replica());
  streaming = new Streaming(stack.container(0), 1);
  running.push(reader, streaming);
  identities = await containers();
});

/** What runs beside the tests, ended also when the beginning fails half-way. */
const running: { stop(): unknown }[] = [];
after(async () => {
  for (const each of running) await each.stop();
});

async function replica(): Promise<Address> {
  const [only] = await stack.replicas();
  assert.ok(only);
  return only;
}

/** Containers and their starts: equal means neither replaced nor restarted. */
async function containers(): Promise<string[]> {
  const facts = await Promise.all([0, 1].map(async (node) => stack.facts(node)));
  return facts.map(({ id, startedAt }) => `${id} ${startedAt}`);
}

/**
 * Rotates under the running writer and reader. Nobody may notice but who uses the secret itself, replication
 * streams on, nothing restarts, and the `up` after it changes nothing.
 */
async function rotate(what: string, { readerNotices = false } = {}): Promise<Finished> {
  const failed = { writes: writer.failures, reads: reader.failures.length };
  streaming.reset();
  writer.resetGap();
  const written = writer.count;
  const finished = await stack.command("rotate", what.split(" "));
  assert.equal(finished.code, 0, finished.text);
  stack.forget();
  assert.equal(writer.failures, failed.writes, "a write failed");
  assert.ok(writer.count > written + 50, "writes went on");
  if (!readerNotices) {
    assert.deepEqual(reader.failures.slice(failed.reads), [], "a read failed");
  }
  const { longestMs, looks } = streaming.seen;
  assert.ok(looks > 10, "replication was watched");
  assert.ok(longestMs <= allowed(1000), `replication did not stream for ${longestMs} ms`);
  measured(`rotate ${what}: replication not streaming, longest`, `${longestMs} ms`);
  measured(`rotate ${what}: longest time between two commits`, `${writer.gapMs} ms`);
  assert.deepEqual(await containers(), identities);
  assert.equal((await stack.up()).total, 0, "the next up changes nothing");
  return finished;
}

test("the application's password: open sessions stay, the old one is refused everywhere", async () => {
  const old = [await stack.primary(), await replica()];
  const { stdout } = await rotate("app-password", { readerNotices: true });
  assert.match(stdout, /old password of app +refused/);
  reader.retarget(await replica());
  for (const address of old) await assert.rejects(query(address, "select 1"), { code: "28P01" });
  for (const address of [await stack.primary(), await replica()]) await query(address, "select 1");
});

test("the superuser's password", async () => {
  const { adminUri, caCertificate: ca } = await stack.outputs();
  assert.ok(adminUri);
  await query({ uri: adminUri, ca }, "select 1");
  await rotate("postgres-password");
  await assert.rejects(query({ uri: adminUri, ca }, "select 1"), { code: "28P01" });
  const now = (await stack.outputs()).adminUri;
  assert.ok(now);
  await query({ uri: now, ca }, "select 1");
});

test("the gate's password", async () => {
  const old = await secrets(stack);
  await rotate("gate-password");
  const now = await secrets(stack);
  const answers = [old, now].map(async ({ passwords, certificates, authority }) =>
    client.connect({
      ...certificates["sav3_gate"],
      user: "sav3_gate",
      database: "postgres",
      password: passwords.gate ?? "",
      authority: authority.certificate,
    }),
  );
  const [refused, accepted] = await Promise.all(answers);
  assert.match(refused?.text ?? "", /password authentication failed/);
  assert.ok(accepted?.accepted, accepted?.text);
});

test("the replication password, and a replica seeded after it uses the new one", async () => {
  const old = await secrets(stack);
  await rotate("replication-password");
  const now = await secrets(stack);
  for (const { passwords, good } of [
    { passwords: old.passwords, good: false },
    { passwords: now.passwords, good: true },
  ]) {
    const answer = await client.connect({
      ...now.certificates["replicator"],
      user: "replicator",
      replication: true,
      password: passwords.replicator ?? "",
      authority: now.authority.certificate,
    });
    assert.equal(answer.accepted, good, answer.text);
  }
  await docker("stop", stack.container(1));
  await emptyData(stack.container(1));
  await docker("start", stack.container(1));
  await eventually(
    "the replica is seeded again and streams",
    async () =>
      (await superuserSql(
        stack.container(0),
        "select count(*) from pg_stat_replication where state = 'streaming' and application_name = 'pg_1'",
      )) === "1",
    { seconds: 60 },
  );
  const { missing } = await writer.finish(await stack.primary());
  assert.deepEqual(missing, []);
});

test("a password of the user's own is not ours to rotate, and a typing error changes nothing", async () => {
  const mistaken = await stack.command("rotate", ["app-pasword"]);
  assert.equal(mistaken.code, 2);
  assert.match(mistaken.stderr, /usage: npm run rotate/);
  const path = "sav3-postgres:credentials.appPassword";
  await stack.pulumi(["config", "set", "--secret", "--path", path, "my-own-password-1"]);
  await stack.up();
  const own = await stack.command("rotate", ["app-password"]);
  assert.equal(own.code, 1);
  assert.match(own.stderr, /your own \(credentials\.appPassword\)/);
});
