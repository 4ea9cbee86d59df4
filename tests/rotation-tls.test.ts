import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, test } from "node:test";
import type { Address } from "./lib/database";
import { measured } from "./lib/measured";
import { allowed } from "./lib/progress";
import { testStack } from "./lib/stack";
import { Writer } from "./lib/writer";
import { Client, type Attempt } from "./tls/client";
import { FreshReader } from "./tls/reader";
import { secrets } from "./tls/secrets";
import { shownBy } from "./tls/shown";
import { Streaming } from "./tls/streaming";
import type { StackSecrets } from "../scripts/lib/rotation/secrets";

const stack = testStack({ config: { replicas: 1 } });
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

/** Runs something under the writer and the reader; neither may notice, and replication streams on. */
async function unnoticed(what: string, act: () => Promise<void>): Promise<void> {
  const failed = { writes: writer.failures, reads: reader.failures.length };
  const reads = reader.reads;
  streaming.reset();
  writer.resetGap();
  await act();
  stack.forget();
  assert.equal(writer.failures, failed.writes, "a write failed");
  assert.deepEqual(reader.failures.slice(failed.reads), [], "a new connection failed");
  assert.ok(reader.reads > reads, "reads went on");
  const { longestMs, looks } = streaming.seen;
  assert.ok(looks > 10, "replication was watched");
  assert.ok(longestMs <= allowed(1000), `replication did not stream for ${longestMs} ms`);
  measured(`${what}: replication not streaming, longest`, `${longestMs} ms`);
  measured(`${what}: longest time between two commits`, `${writer.gapMs} ms`);
  assert.deepEqual(await containers(), identities);
}

async function rotate(...args: string[]): Promise<void> {
  const finished = await stack.command("rotate", args);
  assert.equal(finished.code, 0, finished.text);
}

function serial(of: StackSecrets, owner: string): string {
  const found = of.certificates[owner];
  assert.ok(found, `a certificate of ${owner}`);
  return new X509Certificate(found.certificate).serialNumber;
}

/** Logs in as role with its certificate of one moment and its password of now. */
function login(role: "replicator" | "sav3_gate", then: StackSecrets, now: StackSecrets): Attempt {
  const common = { ...then.certificates[role], user: role, authority: now.authority.certificate };
  return role === "replicator"
    ? { ...common, replication: true, password: now.passwords.replicator ?? "" }
    : { ...common, database: "postgres", password: now.passwords.gate ?? "" };
}

async function expectLogins(old: StackSecrets, now: StackSecrets, because: RegExp): Promise<void> {
  for (const role of ["replicator", "sav3_gate"] as const) {
    const refused = await client.connect(login(role, old, now));
    assert.ok(!refused.accepted, `the old certificate of ${role} was accepted`);
    assert.match(refused.text, because);
    const accepted = await client.connect(login(role, now, now));
    assert.ok(accepted.accepted, accepted.text);
  }
}

test("server and client certificates: nobody notices, the old ones are refused", async () => {
  const old = await secrets(stack);
  await unnoticed("rotate certificates", () => rotate("certificates"));
  const now = await secrets(stack);
  for (const owner of ["pg-0", "pg-1", "replicator", "sav3_gate"]) {
    assert.notEqual(serial(now, owner), serial(old, owner));
  }
  assert.equal(await shownBy(await stack.primary()), serial(now, "pg-0"));
  assert.equal(await shownBy(await replica()), serial(now, "pg-1"));
  await expectLogins(old, now, /certificate revoked/);
  assert.equal((await stack.up()).total, 0);
});

test("the authority begins: clients that know only the old one still connect", async () => {
  const old = await secrets(stack);
  const { caCertificate } = await stack.outputs();
  await unnoticed("rotate authority --begin", () => rotate("authority", "--begin"));
  const now = await secrets(stack);
  assert.notEqual(now.authority.certificate, old.authority.certificate);
  assert.equal((await stack.outputs()).caCertificate, now.authority.certificate + caCertificate);
  // The reader above and this client trust nothing but the old certificate.
  const app = { password: now.passwords.owner ?? "", authority: caCertificate };
  const answer = await client.connect(app);
  assert.ok(answer.accepted, answer.text);
  assert.equal((await stack.up()).total, 0, "both stay trusted until told otherwise");
});

test("and finishes: nobody who has the new one notices, what the old one signed is refused", async () => {
  const before = await secrets(stack);
  reader.retarget({ ...(await replica()), ca: before.authority.certificate });
  writer.retarget({ ...(await stack.primary()), ca: before.authority.certificate });
  await writer.more();
  await unnoticed("rotate authority --finish", () => rotate("authority", "--finish"));
  const now = await secrets(stack);
  assert.equal(now.authority.previous, "");
  assert.equal((await stack.outputs()).caCertificate, now.authority.certificate);
  const stale = { password: now.passwords.owner ?? "", authority: before.authority.previous };
  const answer = await client.connect(stale);
  assert.match(answer.text, /certificate verify failed/);
  assert.equal((await stack.up()).total, 0);
});

test("the authority in one command, and its own proof of it", async () => {
  const old = await secrets(stack);
  const finished = await stack.command("rotate", ["authority"]);
  assert.equal(finished.code, 0, finished.text);
  assert.match(finished.stdout, /old certificate of sav3_gate +refused/);
  assert.match(finished.stdout, /old authority at the client +refused/);
  stack.forget();
  const now = await secrets(stack);
  await expectLogins(old, now, /unknown ca|certificate verify failed|unable to get/i);
  const { missing } = await writer.finish(await stack.primary());
  assert.deepEqual(missing, []);
  assert.equal((await stack.up()).total, 0);
});
