import assert from "node:assert/strict";
import { before, test } from "node:test";
import { query } from "../lib/database";
import { docker, superuserSql } from "../lib/docker";
import { measured } from "../lib/measured";
import { healthyAgain } from "../lib/sick";
import { testStack } from "../lib/stack";
import { Writer } from "../lib/writer";

const capMegabytes = 128;
const maxWalMegabytes = 96;
const stack = testStack({
  config: {
    replicas: 1,
    parameters: {
      max_slot_wal_keep_size: `${capMegabytes}MB`,
      max_wal_size: `${maxWalMegabytes}MB`,
      min_wal_size: "32MB",
      wal_keep_size: "0",
    },
  },
});
const primary = stack.container(0);
const replica = stack.container(1);

before(() => stack.up());

const walMegabytes = async (): Promise<number> =>
  Number(await superuserSql(primary, "select sum(size) / 1048576 from pg_ls_waldir()"));

test("a replica absent for twice the WAL cap does not fill the primary's disk, and re-seeds", async () => {
  const address = await stack.primary();
  await query(address, "create table filler (text text)");
  const writer = await Writer.start(address);
  try {
    await docker("stop", "--time", "30", replica);
    let peak = 0;
    for (let written = 0; written < 2 * capMegabytes; written += 16) {
      await query(
        address,
        "insert into filler select repeat(md5(n::text), 32) from generate_series(1, 15000) n",
      );
      peak = Math.max(peak, await walMegabytes());
    }
    await superuserSql(primary, "checkpoint");
    assert.equal(
      await superuserSql(primary, "select wal_status from pg_replication_slots"),
      "lost",
    );
    await writer.more();
    // Checkpoints remove WAL a little after the line is crossed; two segments of grace.
    const line = capMegabytes + maxWalMegabytes + 32;
    measured(`WAL on the primary, cap ${capMegabytes} MB, at most ${line} MB`, `${peak} MB`);
    assert.ok(peak <= line, `${peak} MB of WAL, at most ${line}`);

    await docker("start", replica);
    await healthyAgain(stack);
  } finally {
    await writer.stop();
  }
  assert.equal(await superuserSql(primary, "select active from pg_replication_slots"), "t");
  assert.deepEqual((await writer.finish()).missing, []);
  const [there] = await stack.replicas();
  assert.ok(there);
  const [row] = await query<{ rows: number }>(there, "select count(*)::int as rows from filler");
  assert.ok((row?.rows ?? 0) > 0, "the replica has what was written in its absence");
  assert.equal((await stack.up()).total, 0);
});
