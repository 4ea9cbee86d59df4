import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { must } from "../lib/command";
import { query } from "../lib/database";
import { docker, superuserSql } from "../lib/docker";
import { healthyAgain } from "../lib/sick";
import { checkout, testStack } from "../lib/stack";
import { eventually } from "../lib/wait";
import { Writer } from "../lib/writer";

const replicas = 2;
const stack = testStack({ config: { replicas } });
let writer: Writer;
let systemIdentifier = "";

before(async () => {
  await stack.up();
  ({ systemIdentifier } = (await stack.outputs()).health);
  writer = await Writer.start(await stack.primary());
});

after(() => writer.stop());

/** Both replicas stream, without any help of Pulumi. */
async function streamingAgain(): Promise<void> {
  await eventually(
    "both replicas stream",
    async () => {
      const count = await superuserSql(
        stack.container(0),
        "select count(*) from pg_stat_replication where state = 'streaming'",
      );
      return count === String(replicas);
    },
    { seconds: 60 },
  );
  await writer.more();
}

/** How the engine is restarted here: as SAV3_ENGINE_RESTART says, or by ending and starting the one that the set-up started. */
function engineRestart(): (() => Promise<unknown>) | undefined {
  const command = process.env["SAV3_ENGINE_RESTART"];
  if (command !== undefined) return () => must("sh", ["-ec", command]);
  const tools = process.env["SAV3_HOME"] ?? join(checkout, ".sav3");
  const file = join(tools, "dockerd.pid");
  const pid = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  const isEngine = (): boolean =>
    existsSync(`/proc/${pid}/comm`) &&
    readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "dockerd";
  if (pid === "" || !isEngine()) return undefined;
  return async () => {
    process.kill(Number(pid), "SIGTERM");
    const gone = () => Promise.resolve(!isEngine());
    await eventually("the engine has ended", gone, { seconds: 90 });
    await must(process.execPath, ["scripts/setup/main.mjs"], { cwd: checkout });
  };
}

for (const node of [0, 1, 2]) {
  test(`docker restart of pg-${node}: streaming again by itself`, async () => {
    await docker("restart", "--time", "30", stack.container(node));
    await streamingAgain();
  });
}

test("docker restart of all at once: streaming again by itself", async () => {
  await docker("restart", "--time", "30", ...[0, 1, 2].map((node) => stack.container(node)));
  await streamingAgain();
});

const restartEngine = engineRestart();
test(
  "restart of the engine: streaming again by itself",
  // It stops every container on the machine: only an engine of the set-up's own, or where someone says how.
  { skip: restartEngine === undefined ? "not this set-up's engine; SAV3_ENGINE_RESTART" : false },
  async () => {
    await restartEngine?.();
    await eventually("the engine answers", () => docker("version"), { seconds: 60 });
    await streamingAgain();
  },
);

test("after restarts, up has nothing to do", async () => {
  assert.equal((await stack.up()).total, 0);
});

test("a replica's container removed by hand comes back", async () => {
  await docker("rm", "--force", stack.container(2));
  await stack.up({ args: ["--refresh"] });
  await streamingAgain();
});

test("a replica's container and volumes removed by hand come back, seeded anew", async () => {
  const name = stack.container(1);
  await docker("rm", "--force", name);
  await docker("volume", "rm", `${name}-data`, `${name}-config`);
  await stack.up({ args: ["--refresh"] });
  await streamingAgain();
});

test("the primary's container removed by hand comes back with all rows", async () => {
  await docker("rm", "--force", stack.container(0));
  await stack.up({ args: ["--refresh"] });
  await streamingAgain();
  assert.equal((await stack.outputs()).health.systemIdentifier, systemIdentifier);
});

test("no acknowledged row is missing on any node", async () => {
  const { missing, acknowledged } = await writer.finish(await stack.primary());
  assert.deepEqual(missing, []);
  assert.ok(acknowledged > 100);
  for (const replica of await stack.replicas()) {
    await eventually("the replica has every row", async () => {
      const [row] = await query<{ rows: number }>(
        replica,
        "select count(*)::int as rows from ledger",
      );
      return (row?.rows ?? 0) >= acknowledged;
    });
  }
  await healthyAgain(stack);
  assert.equal((await stack.up()).total, 0);
});
