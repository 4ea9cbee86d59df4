import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client as Session } from "pg";
import { clientConfig, query } from "./lib/database";
import { measured } from "./lib/measured";
import { progress } from "./lib/progress";
import { testStack } from "./lib/stack";
import { Writer } from "./lib/writer";
import { Client, type Attempt } from "./tls/client";
import { FreshReader } from "./tls/reader";
import { secrets } from "./tls/secrets";
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
  const [replica] = await stack.replicas();
  assert.ok(replica);
  reader = new FreshReader(replica);
  streaming = new Streaming(stack.container(0), 1);
  running.push(reader, streaming);
  identities = await containers();
});

/** What runs beside the tests, ended also when the beginning fails half-way. */
const running: { stop(): unknown }[] = [];
after(async () => {
  for (const each of running) await each.stop();
});

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
  assert.ok(longestMs <= 1000, `replication did not stream for ${longestMs} ms`);
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

/** The server certificate that a node shows to new connections. */
async function shown(node: number): Promise<string> {
  const address = node === 0 ? await stack.primary() : (await stack.replicas())[0];
  assert.ok(address);
  let seen = "";
  const session = new Session({
    ...clientConfig(address),
    ssl: {
      ca: address.ca,
      checkServerIdentity: (_host, { serialNumber }) => {
        seen = serialNumber;
        return undefined;
      },
    },
  });
  await session.connect();
  await session.end();
  return seen;
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
  assert.equal(await shown(0), serial(now, "pg-0"));
  assert.equal(await shown(1), serial(now, "pg-1"));
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
  const [replica] = await stack.replicas();
  assert.ok(replica);
  reader.retarget({ ...replica, ca: before.authority.certificate });
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

test("inside the renewal window an up renews: sessions stay, new ones see the new certificate", async () => {
  const minutes = { valid: 6, before: 4 };
  const hours = { validityHours: minutes.valid / 60, renewBeforeHours: minutes.before / 60 };
  await stack.up({ config: { tls: hours } });
  const first = await secrets(stack);
  const leaf = new X509Certificate(first.certificates["pg-0"]?.certificate ?? "");
  const opens = Date.parse(leaf.validTo) - minutes.before * 60_000;

  const session = new Session(clientConfig(await stack.primary()));
  await session.connect();
  const pid = async () =>
    (await session.query<{ pid: number }>("select pg_backend_pid() pid")).rows;
  const earlier = await pid();

  const early = await stack.up();
  if (Date.now() < opens) assert.equal(early.total, 0, "nothing is renewed before its time");
  else progress("this machine is too busy to look before the window opens");

  await sleep(Math.max(0, opens - Date.now()) + 1000);
  const renewal = await stack.up();
  assert.ok(renewal.updated > 0);
  assert.equal(renewal.created + renewal.replaced + renewal.deleted, 0);
  const second = await secrets(stack);
  for (const owner of ["pg-0", "pg-1", "replicator", "sav3_gate"]) {
    assert.notEqual(serial(second, owner), serial(first, owner));
  }
  assert.deepEqual(await pid(), earlier, "the open session stayed");
  await session.end();
  assert.equal(await shown(0), serial(second, "pg-0"));
  assert.equal(await shown(1), serial(second, "pg-1"));
  assert.deepEqual(await containers(), identities);
  for (const address of [await stack.primary(), ...(await stack.replicas())]) {
    await query(address, "select 1");
  }
});
