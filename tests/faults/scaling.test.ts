import assert from "node:assert/strict";
import { before, test } from "node:test";
import { query } from "../lib/database";
import { belongings, superuserSql } from "../lib/docker";
import { watchDeaths } from "../lib/events";
import { measured } from "../lib/measured";
import { allowed } from "../lib/progress";
import { Sampler } from "../lib/sampler";
import { testStack } from "../lib/stack";
import { Writer } from "../lib/writer";

const stack = testStack({ config: { replicas: 1 } });
const deaths = watchDeaths(stack.name);

before(() => stack.up());

test("replicas 1, 3, 0, 1 under writes: the primary stays, no slot stays, no row goes", async () => {
  const primary = await stack.primary();
  const { id, startedAt } = await stack.facts(0);
  const { systemIdentifier } = (await stack.outputs()).health;
  const writer = await Writer.start(primary);
  const sampler = new Sampler({ "pg-0": primary });
  try {
    for (const replicas of [3, 0, 1]) {
      await stack.up({ config: { replicas } });
      const nodes = await stack.replicas();
      assert.equal(nodes.length, replicas);
      const slots = await superuserSql(
        stack.container(0),
        "select coalesce(string_agg(slot_name, ' ' order by slot_name), '') from pg_replication_slots",
      );
      const expected = Array.from({ length: replicas }, (_, n) => `pg_${n + 1}`).join(" ");
      assert.equal(slots, expected);
      for (const node of nodes) {
        const [row] = await query<{ rows: number }>(
          node,
          "select count(*)::int as rows from ledger",
        );
        assert.ok((row?.rows ?? 0) > 0, "the replica has the rows");
      }
      const { containers, volumes } = await belongings(stack.name);
      assert.equal(containers.length, replicas + 1);
      assert.equal(volumes.length, 2 * (replicas + 1));
    }
    assert.equal((await stack.up()).total, 0);
    const now = await stack.facts(0);
    assert.deepEqual([now.id, now.startedAt], [id, startedAt], "the primary never stopped");
    assert.equal((await stack.outputs()).health.systemIdentifier, systemIdentifier);
  } finally {
    await writer.stop();
  }
  const { missing, failed, longestGapMs } = await writer.finish();
  assert.deepEqual({ missing, failed }, { missing: [], failed: 0 });
  measured("replicas 1, 3, 0, 1: longest time between two commits", `${longestGapMs} ms`);
  assert.ok(longestGapMs < allowed(5000), `${longestGapMs} ms without a commit`);
  const { "pg-0": seen } = await sampler.finish();
  assert.ok(seen !== undefined && seen.writable === seen.answers && seen.answers > 10);
});

test("every replica that left was stopped cleanly", () => {
  const seen = deaths();
  assert.equal(seen.length, 3, JSON.stringify(seen));
  for (const { container, exitCode } of seen) assert.equal(exitCode, 0, container);
});
