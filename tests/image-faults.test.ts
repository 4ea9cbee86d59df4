import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ImageCluster, buildImage, cleanUp } from "./image/cluster";
import type { ImageNode } from "./image/node";
import { docker } from "./lib/docker";
import { allowed, long, progress } from "./lib/progress";
import { random } from "./lib/random";
import { eventually } from "./lib/wait";

cleanUp();

const chance = random();
const kills = long ? 20 : 4;
/** Milliseconds in which an initialisation or a seeding begins, runs and ends on two busy cores. */
const span = 1500;

let image: string;
let cluster: ImageCluster;
let primary: ImageNode;
let standby: ImageNode;

before(async () => {
  image = await buildImage();
  cluster = await ImageCluster.make(image);
  primary = await cluster.begin(0);
  await primary.ready();
  // Large enough that a base backup is met in its middle.
  await primary.sql(
    "create table bulk as select repeat(md5(i::text), 100) from generate_series(1, 100000) i",
    "app",
  );
});

/** Kills the node at random moments after its start, `kills` times, and starts it once more. */
async function killOften(node: ImageNode): Promise<void> {
  for (let count = 0; count < kills; count++) {
    const moment = chance.between(0, span);
    await node.start();
    await sleep(moment);
    progress(`kill of ${node.options.host} after ${moment} ms`);
    await node.kill();
  }
  await node.start();
}

/** How often the standby was filled from the primary. */
async function seedings(): Promise<number> {
  return ((await standby.log()).match(/^sav3: seeded$/gm) ?? []).length;
}

/** A look for the first seeding after so many; says what the standby does instead. */
function seededOnce(before: number): () => Promise<true> {
  return async () => {
    const seen = await seedings();
    if (seen === before + 1) return true;
    const lines = (await standby.log()).trim().split("\n").slice(-30);
    throw new Error(`${seen} seedings after ${before}\n${lines.join("\n")}`);
  };
}

/** Fills so many WAL segments on the primary and lets it remove those that nothing holds. */
async function writeWal(segments: number): Promise<void> {
  const one = "select pg_logical_emit_message(false, 'x', 'y'); select pg_switch_wal();";
  await primary.sql(`${one.repeat(segments)} checkpoint;`);
}

async function slotStatus(): Promise<string> {
  return primary.sql("select wal_status from pg_replication_slots where slot_name = 'pg_1'");
}

test("an initialisation killed at any moment starts over, and its SQL has run once", async () => {
  const other = await ImageCluster.make(image);
  const node = other.node(0);
  await node.create();
  await node.putAll(await other.files(0));
  await killOften(node);
  await node.ready();
  assert.equal(await node.sql("select count(*) from once", "app"), "1");
  assert.equal((await node.log()).match(/^sav3: cluster \d+ initialised$/gm)?.length, 1);
  assert.equal(await node.control("Data page checksum version"), "1");
  assert.equal(await node.onVolume("ls .."), "data", "nothing unfinished stays behind");
  await docker("rm", "--force", node.container);
});

test("a seeding killed at any moment starts over", async () => {
  standby = cluster.node(1);
  await standby.create();
  await standby.putAll(await cluster.files(1));
  await killOften(standby);
  await standby.streams(90);
  await standby.catchUp(primary);
  assert.equal(await standby.sql("select count(*) from bulk", "app"), "100000");
  assert.equal(await standby.onVolume("ls .."), "data", "nothing unfinished stays behind");
});

test("a stop during initialisation and during seeding is heard at once", async () => {
  const other = await ImageCluster.make(image);
  const [first, second] = [await other.begin(0), await other.begin(1)];
  const started = Date.now();
  await Promise.all([first.stop(), second.stop()]);
  assert.ok(Date.now() - started < allowed(5000), `${Date.now() - started} ms`);
  for (const node of [first, second]) assert.notEqual(await node.exitCode(), 137);
});

test("a slot that was dropped is made again, and the standby goes on with what it has", async () => {
  const before = await seedings();
  await standby.stop();
  await primary.sql("select pg_drop_replication_slot('pg_1')");
  await primary.sql("create table later (i int)", "app");
  await standby.start();
  await standby.streams();
  await standby.catchUp(primary);
  assert.equal(await seedings(), before);
  assert.equal(await slotStatus(), "reserved");
});

test("WAL that no slot of its own kept, but that is still there, is enough", async () => {
  const before = await seedings();
  await primary.sql("select pg_create_physical_replication_slot('keeper', true)");
  await standby.stop();
  await primary.sql("select pg_drop_replication_slot('pg_1')");
  await writeWal(2);
  await standby.start();
  await standby.streams();
  await standby.catchUp(primary);
  await primary.sql("select pg_drop_replication_slot('keeper')");
  assert.equal(await seedings(), before);
});

test("a standby whose slot and WAL are gone is seeded again", async () => {
  const before = await seedings();
  await standby.stop();
  await primary.sql("select pg_drop_replication_slot('pg_1')");
  await writeWal(8);
  await standby.start();
  await standby.streams(60);
  assert.equal(await seedings(), before + 1);
});

test("a standby whose slot was lost while it was away is seeded again", async () => {
  const before = await seedings();
  await standby.stop();
  await writeWal(8);
  assert.equal(await slotStatus(), "lost");
  await standby.start();
  await standby.streams(60);
  await standby.catchUp(primary);
  assert.equal(await seedings(), before + 1);
  assert.notEqual(await slotStatus(), "lost");
});

test("a running standby that lost its slot stops and is seeded again by itself", async () => {
  const before = await seedings();
  await docker("pause", standby.container);
  try {
    await writeWal(8);
    await eventually("the slot is lost", async () => (await slotStatus()) === "lost");
  } finally {
    await docker("unpause", standby.container);
  }
  await eventually("seeded again", seededOnce(before), { seconds: 90 });
  await standby.streams(60);
});

test("a promoted standby is refused after its next start, and left as it is", async () => {
  await standby.sql("select pg_promote()");
  await docker("update", "--restart", "no", standby.container);
  await standby.stop();
  await standby.start();
  const { exitCode, text } = await standby.refusal();
  assert.equal(exitCode, 66);
  assert.match(text, /promoted/);
  assert.match(await standby.control("Database cluster state"), /^shut down$/);
});

test("what does not belong to a node is refused by name, and left as it is", async (t) => {
  const stranger = await ImageCluster.make(image);
  const other = await stranger.begin(0, { restart: "no" });
  await other.ready();
  await other.stop();
  const foreign = await other.control("Database system identifier");
  const own = await primary.sql("select system_identifier from pg_control_system()");
  const guest = cluster.node(2, { data: other.data, restart: "no" });
  await guest.create();
  await guest.putAll(await cluster.files(2));

  const refused = async (node: ImageNode, code: number, ...words: (string | RegExp)[]) => {
    const contents = "find . -type f -printf '%p %s %T@\\n' | sort | md5sum";
    const untouched = await other.onVolume(contents);
    await node.start();
    const { exitCode, text } = await node.refusal();
    assert.equal(exitCode, code, text);
    for (const word of words) assert.match(text, new RegExp(word));
    assert.equal(await other.onVolume(contents), untouched, "the volume is as it was");
  };

  await t.test("the primary's volume on a replica", () => refused(guest, 66, foreign));
  await t.test("another cluster's primary on this one", async () => {
    await other.put({ "system-identifier": `${own}\n` });
    await refused(other, 64, own, foreign);
    await other.put({ "system-identifier": `${foreign}\n` });
  });
  await t.test("a standby's volume on the primary", async () => {
    await other.onVolume("touch standby.signal");
    await refused(other, 66, "standby", foreign);
  });
  await t.test("another cluster's standby", () => refused(guest, 64, own, foreign));
  await t.test("another major version, on both", async () => {
    await other.onVolume("echo 16 >PG_VERSION");
    await refused(other, 65, "PostgreSQL 16", "PostgreSQL 17");
    await refused(guest, 65, "PostgreSQL 16", "PostgreSQL 17");
  });
  await t.test("something that is no cluster", async () => {
    await other.onVolume("mv PG_VERSION kept");
    await refused(other, 66, "no PostgreSQL cluster");
    await refused(guest, 66, "no PostgreSQL cluster");
  });
  await t.test("settings that PostgreSQL would not start with", async () => {
    await other.onVolume("mv kept PG_VERSION; echo 17 >PG_VERSION; rm standby.signal");
    const files = await stranger.files(0);
    await other.put({ "postgresql.conf": `${files["postgresql.conf"] ?? ""}work_mem = banana\n` });
    await refused(other, 67, "work_mem.*banana");
    await other.put(files);
  });
  await t.test("and after all that the cluster starts as if nothing had been", async () => {
    await other.start();
    await other.ready();
    assert.equal(await other.sql("select count(*) from once", "app"), "1");
  });
});

test("a primary whose data is gone does not begin anew over its replicas", async () => {
  const other = await ImageCluster.make(image);
  const node = other.node(0, { restart: "no" });
  await node.create();
  await node.putAll({ ...(await other.files(0)), "system-identifier": "7000000000000000001\n" });
  await node.start();
  const { exitCode, text } = await node.refusal();
  assert.equal(exitCode, 68);
  assert.match(text, /7000000000000000001/);
});

test("a fault in the user's SQL or extensions stops the first start, and its repair is enough", async () => {
  const other = await ImageCluster.make(image);
  const sql = "select 1 / 0";
  const node = await other.begin(0, { restart: "no" }, { sql });
  const first = await node.refusal();
  assert.equal(first.exitCode, 67);
  assert.match(first.text, /initSql 01-once\.sql failed/);
  assert.match(await node.log(), /division by zero/);

  await node.put(await other.files(0, { config: { extensions: ["nowhere"] } }));
  await node.start();
  const second = await node.refusal();
  assert.equal(second.exitCode, 67);
  assert.match(await node.log(), /sav3: refused: extension 'nowhere' is not in this image/);

  await node.put(await other.files(0));
  await node.start();
  await node.ready();
});
