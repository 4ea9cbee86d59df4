import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanStops } from "./lib/clean-stops";
import { query } from "./lib/database";
import { belongings } from "./lib/docker";
import { watchDeaths } from "./lib/events";
import { testStack } from "./lib/stack";
import { eventually } from "./lib/wait";

// 1 replica is the main job's.
for (const count of [0, 3, 8]) {
  test(`replicas: ${count} comes up from nothing, stays unchanged, goes without a trace`, async () => {
    const stack = testStack({ config: { replicas: count } });
    const deaths = watchDeaths(stack.name);
    await stack.up();
    const primary = await stack.primary();
    const replicas = await stack.replicas();
    assert.equal(replicas.length, count);
    const { health } = await stack.outputs();
    assert.equal(health.nodes.length, count + 1);

    await query(primary, "create table greeting as select 'hello' as text");
    for (const replica of replicas) {
      await eventually("the row is on the replica", () => query(replica, "table greeting"));
      await assert.rejects(query(replica, "drop table greeting"), { code: "25006" });
    }
    assert.equal((await stack.up()).total, 0);

    const down = await stack.command("down", ["--yes"]);
    assert.equal(down.code, 0, down.text);
    await cleanStops(deaths, count + 1);
    assert.deepEqual(await belongings(stack.name), { containers: [], volumes: [], networks: [] });
  });
}
