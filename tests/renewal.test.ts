import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { StackSecrets } from "../scripts/lib/rotation/secrets";
import { connected, type Address } from "./lib/database";
import { progress } from "./lib/progress";
import { testStack } from "./lib/stack";
import { secrets } from "./tls/secrets";
import { shownBy } from "./tls/shown";

/** Certificates that run out after six minutes and are renewed from the third on. */
const minutes = { valid: 6, before: 3 };
const stack = testStack({
  config: {
    replicas: 1,
    tls: { validityHours: minutes.valid / 60, renewBeforeHours: minutes.before / 60 },
  },
});
const owners = ["pg-0", "pg-1", "replicator", "sav3_gate"];
let first: StackSecrets;
let nodes: Address[];

before(async () => {
  await stack.up();
  first = await secrets(stack);
  nodes = [await stack.primary(), ...(await stack.replicas())];
});

function leaf(of: StackSecrets, owner: string): X509Certificate {
  return new X509Certificate(of.certificates[owner]?.certificate ?? "");
}

/** The moment from which on all certificates are due, in milliseconds. */
function opens(of: StackSecrets): number {
  const ends = owners.map((owner) => Date.parse(leaf(of, owner).validTo));
  return Math.max(...ends) - minutes.before * 60_000;
}

async function starts(): Promise<string[]> {
  return Promise.all([0, 1].map(async (node) => (await stack.facts(node)).startedAt));
}

/** What `up` changes, or undefined when the window opened in the meantime. */
async function changesBefore(moment: number): Promise<number | undefined> {
  const { total } = await stack.up();
  if (Date.now() < moment) return total;
  progress("this machine is too busy to look before the window opens");
  return undefined;
}

test("before the renewal window an up changes nothing", async () => {
  const total = await changesBefore(opens(first));
  assert.ok(total === undefined || total === 0);
});

test("inside it an up renews: open sessions stay, new ones are shown the new certificate", async () => {
  const [primary] = nodes;
  assert.ok(primary);
  const started = await starts();
  await sleep(Math.max(0, opens(first) - Date.now()) + 1000);
  const pids = await connected(primary, async (session) => {
    const pid = async () =>
      (await session.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
    const earlier = await pid();
    const { created, replaced, deleted } = await stack.up();
    assert.deepEqual({ created, replaced, deleted }, { created: 0, replaced: 0, deleted: 0 });
    return { earlier, later: await pid() };
  });
  assert.equal(pids.later, pids.earlier, "the open session stayed");

  const second = await secrets(stack);
  for (const owner of owners) {
    assert.notEqual(leaf(second, owner).serialNumber, leaf(first, owner).serialNumber);
  }
  const shown = await Promise.all(nodes.map(shownBy));
  assert.deepEqual(
    shown,
    ["pg-0", "pg-1"].map((node) => leaf(second, node).serialNumber),
  );
  assert.deepEqual(await starts(), started);
  const total = await changesBefore(opens(second));
  assert.ok(total === undefined || total === 0, "renewed once, not over and over");
});
