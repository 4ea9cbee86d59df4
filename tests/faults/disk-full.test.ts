import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { query } from "../lib/database";
import { docker, superuserSql } from "../lib/docker";
import { healthyAgain } from "../lib/sick";
import { testStack } from "../lib/stack";
import { eventually } from "../lib/wait";
import { Writer } from "../lib/writer";

const stack = testStack({
  config: {
    replicas: 1,
    resources: { memory: "700m" },
    parameters: { max_wal_size: "64MB", min_wal_size: "32MB", shared_buffers: "64MB" },
  },
});
const primary = stack.container(0);
const keeper = `${stack.prefix}-keeper`;
let writer: Writer;

/** The primary's volume on a file system of 400 MB, made before the program finds it there. */
async function smallVolume(): Promise<void> {
  const labels = ["project=sav3-postgres", `stack=${stack.name}`, "service=postgres", "node=0"];
  await docker(
    ...["volume", "create", "--driver", "local"],
    ...["--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=400m,uid=999,gid=999"],
    ...labels.flatMap((label) => ["--label", `sav3.${label}`]),
    `${primary}-data`,
  );
}

before(async () => {
  await smallVolume();
  await stack.up();
  // A tmpfs volume is empty again as soon as nobody has it mounted: one container always does.
  const image = (await stack.facts(0)).image;
  await docker(
    ...["run", "--detach", "--name", keeper, "--label", `sav3.stack=${stack.name}`],
    ...["--network", "none", "--volume", `${primary}-data:/kept`, "--entrypoint", "sleep"],
    ...[image, "86400"],
  );
  writer = await Writer.start(await stack.primary());
});

after(() => writer.stop());

test("the primary's disk is full: writes fail, nothing acknowledged goes, space brings it back", async () => {
  await writer.more();
  const fill = "dd if=/dev/zero of=/kept/ballast bs=1M 2>/dev/null || true";
  await docker("exec", keeper, "sh", "-c", fill);
  const failures = writer.failures;
  await query(await stack.primary(), "create table filler (text text)").catch(() => undefined);
  await eventually(
    "writes fail for want of space",
    async () => {
      const insert =
        "insert into filler select repeat(md5(n::text), 60) from generate_series(1, 20000) n";
      await query(await stack.primary(), insert).catch(() => undefined);
      return writer.failures > failures;
    },
    { seconds: 90 },
  );
  await docker("exec", keeper, "rm", "/kept/ballast");
  await eventually("writes work again", async () => {
    await writer.more(5, 1);
    return true;
  });
  await healthyAgain(stack);
});

test("a backend killed by the memory limit: the server recovers, nothing acknowledged goes", async () => {
  const before = await superuserSql(primary, "select pg_postmaster_start_time()");
  await superuserSql(
    primary,
    "select array_length(array_agg(repeat('x', 1000) || n), 1) from generate_series(1, 5000000) n",
  ).then(
    () => assert.fail("the query found room"),
    (error: unknown) => {
      assert.match(String(error), /terminated|closed|lost|memory|reset/i);
    },
  );
  await eventually("writes work again", async () => {
    await writer.more(5, 1);
    return true;
  });
  assert.equal((await stack.facts(0)).running, true);
  await healthyAgain(stack);
  assert.equal(
    await superuserSql(primary, "select pg_postmaster_start_time()"),
    before,
    "the container went on; the server itself restarted its children",
  );
});

test("no acknowledged row is missing on either node", async () => {
  const { missing, acknowledged } = await writer.finish(await stack.primary());
  assert.deepEqual(missing, []);
  assert.ok(acknowledged > 20);
  const [replica] = await stack.replicas();
  assert.ok(replica);
  await eventually("the replica has every row", async () => {
    const [row] = await query<{ rows: number }>(
      replica,
      "select count(*)::int as rows from ledger",
    );
    return (row?.rows ?? 0) >= acknowledged;
  });
});
