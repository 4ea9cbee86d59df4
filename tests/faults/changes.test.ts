import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cleanStops, startedFromCleanStop } from "../lib/clean-stops";
import { query } from "../lib/database";
import { docker } from "../lib/docker";
import { watchDeaths } from "../lib/events";
import { measured } from "../lib/measured";
import { Sampler } from "../lib/sampler";
import { testStack, type Config } from "../lib/stack";
import { Writer } from "../lib/writer";

const stack = testStack({ config: { replicas: 2 } });
const deaths = watchDeaths(stack.name);
/** Stops that the tests have accounted for. */
let stopped = 0;
let writer: Writer;
let sampler: Sampler;

before(async () => {
  await stack.up();
  writer = await Writer.start(await stack.primary());
  const [one, two] = await stack.replicas();
  assert.ok(one && two);
  sampler = new Sampler({ "pg-1": one, "pg-2": two });
});

after(async () => {
  await writer.stop();
});

const all = [0, 1, 2];
const ids = async (): Promise<string[]> =>
  Promise.all(all.map(async (node) => (await stack.facts(node)).id));
const starts = async (): Promise<string[]> =>
  Promise.all(all.map(async (node) => (await stack.facts(node)).startedAt));

/** Applies a change while the writer goes on; writes work afterwards. */
async function change(config: Config): Promise<void> {
  writer.resetGap();
  await stack.up({ config });
  writer.retarget(await stack.primary());
  await writer.more();
  measured(`${JSON.stringify(config)}: longest time between two commits`, `${writer.gapMs} ms`);
}

/** So many nodes stopped since the last question, all of them cleanly; in this order. */
async function stops(count: number): Promise<string[]> {
  const seen = (await cleanStops(deaths, stopped + count)).slice(stopped);
  stopped += count;
  return seen.map(({ container }) => container.replace(`${stack.prefix}-`, ""));
}

test("a parameter that PostgreSQL can reload is reloaded: no restart, no session lost", async () => {
  const [containers, since, failures] = [await ids(), await starts(), writer.failures];
  await stack.up({ config: { parameters: { work_mem: "7MB" } } });
  assert.deepEqual([await ids(), await starts()], [containers, since]);
  assert.equal(writer.failures, failures);
  for (const node of [await stack.primary(), ...(await stack.replicas())]) {
    assert.deepEqual(await query(node, "show work_mem"), [{ work_mem: "7MB" }]);
  }
});

test("a raised restart-only parameter restarts replicas one by one, then the primary", async () => {
  const containers = await ids();
  await change({ parameters: { max_connections: "150" } });
  assert.deepEqual(await ids(), containers, "restarted in place");
  const order = await stops(3);
  assert.deepEqual([...order].sort(), ["pg-0", "pg-1", "pg-2"]);
  assert.equal(order.at(-1), "pg-0");
});

test("a lowered max_connections restarts the primary first", async () => {
  const containers = await ids();
  await change({ parameters: { max_connections: "120" } });
  assert.deepEqual(await ids(), containers, "restarted in place");
  const order = await stops(3);
  assert.deepEqual([...order].sort(), ["pg-0", "pg-1", "pg-2"]);
  assert.equal(order[0], "pg-0");
  for (const node of [await stack.primary(), ...(await stack.replicas())]) {
    assert.deepEqual(await query(node, "show max_connections"), [{ max_connections: "120" }]);
  }
});

test("a memory limit changes in place", async () => {
  const containers = await ids();
  await change({
    resources: { memory: "1200m" },
    parameters: { max_connections: "120", shared_buffers: "128MB" },
  });
  assert.deepEqual(await ids(), containers);
  const limit = await docker(
    ...["container", "inspect", "--format", "{{.HostConfig.Memory}}", stack.container(0)],
  );
  assert.equal(limit, String(1200 * 1024 * 1024));
  // shared_buffers needs a restart: replicas first.
  const order = await stops(3);
  assert.deepEqual([...order].sort(), ["pg-0", "pg-1", "pg-2"]);
  assert.equal(order.at(-1), "pg-0");
});

test("ports and bindAddress replace containers, replicas first, and keep the data", async () => {
  for (const config of [{ bindAddress: "127.0.0.2" }, { bindAddress: "127.0.0.1" }]) {
    const containers = await ids();
    await change(config);
    for (const [index, id] of (await ids()).entries()) assert.notEqual(id, containers[index]);
    const order = await stops(3);
    assert.deepEqual([...order].sort(), ["pg-0", "pg-1", "pg-2"]);
    assert.equal(order.at(-1), "pg-0", order.join(" "));
    assert.equal(new URL((await stack.primary()).uri).hostname, config.bindAddress);
  }
});

test("a new primaryPort replaces the primary's container only", async () => {
  const old = new URL((await stack.primary()).uri).port;
  const containers = await ids();
  // Any free port will do; the one above the old one is outside of what others are given here.
  await change({ primaryPort: Number(old) > 60000 ? Number(old) - 1 : Number(old) + 1 });
  const now = await ids();
  assert.notEqual(now[0], containers[0]);
  assert.deepEqual(now.slice(1), containers.slice(1));
  assert.deepEqual(await stops(1), ["pg-0"]);
  assert.notEqual(new URL((await stack.primary()).uri).port, old);
});

test("no acknowledged row is missing anywhere, no stop was a kill, no replica took writes", async () => {
  const { missing, acknowledged } = await writer.finish(await stack.primary());
  assert.deepEqual(missing, []);
  assert.ok(acknowledged > 100);
  // Each test has counted its own: nothing stopped beside them.
  await stops(0);
  for (const node of all) await startedFromCleanStop(stack.container(node));
  for (const [node, { writable }] of Object.entries(await sampler.finish())) {
    assert.equal(writable, 0, node);
  }
  assert.equal((await stack.up()).total, 0);
});
