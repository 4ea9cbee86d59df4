import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { query } from "../lib/database";
import { belongings } from "../lib/docker";
import { watchDeaths } from "../lib/events";
import { measured } from "../lib/measured";
import { long } from "../lib/progress";
import { random } from "../lib/random";
import { testStack } from "../lib/stack";
import { eventually } from "../lib/wait";

const moments = long ? 20 : 2;
const chance = random();
const stack = testStack({ config: { replicas: 1 } });
const deaths = watchDeaths(stack.name);
/** Length of an undisturbed command in milliseconds, so that moments spread over all of it. */
let upMs = 12_000;
let downMs = 6_000;

async function repair(): Promise<void> {
  const repaired = await stack.command("repair");
  assert.equal(repaired.code, 0, repaired.text);
}

/** What a CLI leaves that is killed between forgetting a stack and giving its lock back. */
function leaveLock(): void {
  const locks = join(stack.stateFolder, "state", ".pulumi", "locks");
  const folder = join(locks, "organization", "sav3-postgres", stack.name);
  mkdirSync(folder, { recursive: true });
  const lock = { pid: 2 ** 30, username: "nobody", hostname: hostname(), timestamp: new Date() };
  writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(lock));
}

test(`up killed at ${moments} random moments: repair and up converge`, async () => {
  const killed: number[] = [];
  for (let n = 1; n <= moments; n += 1) {
    const killAfterMs = chance.between(500, upMs);
    killed.push(killAfterMs);
    await stack.tryUp({ killAfterMs });
    await repair();
    const up = await stack.up();
    upMs = Math.max(4000, Math.round(up.seconds * 1000));
    await query(await stack.primary(), "create table if not exists kept (n int)");
    // Once is enough to see that a repaired stack is like any other.
    if (n === 1) assert.equal((await stack.up()).total, 0);
    const down = await stack.command("down", ["--yes"]);
    assert.equal(down.code, 0, down.text);
    downMs = Math.max(2000, Math.round(down.seconds * 1000));
    assert.deepEqual(await belongings(stack.name), { containers: [], volumes: [], networks: [] });
  }
  measured("a first up killed after, always converged", `${killed.join(", ")} ms`);
});

test(`an up that changes a running cluster, killed: repair and up converge with all rows`, async () => {
  const killed: number[] = [];
  await stack.up();
  await query(await stack.primary(), "create table rows as select generate_series(1, 100) as n");
  for (let n = 1; n <= moments; n += 1) {
    const replicas = n % 2 === 0 ? 1 : 2;
    const killAfterMs = chance.between(500, upMs);
    killed.push(killAfterMs);
    await stack.tryUp({ config: { replicas }, killAfterMs });
    await repair();
    await stack.up();
    for (const node of [await stack.primary(), ...(await stack.replicas())]) {
      assert.deepEqual(await query(node, "select count(*)::int as n from rows"), [{ n: 100 }]);
    }
  }
  measured("an up of a running cluster killed after, always converged", `${killed.join(", ")} ms`);
});

test(`down killed at ${moments} random moments: repair and down leave nothing`, async () => {
  const killed: number[] = [];
  for (let n = 1; n <= moments; n += 1) {
    await stack.up();
    const killAfterMs = chance.between(500, downMs);
    killed.push(killAfterMs);
    await stack.command("down", ["--yes"], { killAfterMs });
    await repair();
    const down = await stack.command("down", ["--yes"]);
    assert.equal(down.code, 0, down.text);
    assert.deepEqual(await belongings(stack.name), { containers: [], volumes: [], networks: [] });
    if (n === 1) {
      // A moment that chance seldom finds: the stack is gone, the lock is not.
      leaveLock();
      const { text } = await stack.failingUp();
      assert.match(text, /locked[\s\S]*npm run repair/);
      await repair();
    }
  }
  measured("down killed after, always converged", `${killed.join(", ")} ms`);
});

test("no container was killed, whenever the command that cared for it was", async () => {
  // Every removal that went through stopped two nodes or more; 130 is a stop while a node is made.
  await eventually("the engine has told of the stops", () =>
    Promise.resolve(deaths().length >= 2 * 2 * moments),
  );
  const codes = new Set(deaths().map(({ exitCode }) => exitCode));
  codes.delete(0);
  codes.delete(130);
  assert.deepEqual([...codes], [], JSON.stringify(deaths()));
});
