import assert from "node:assert/strict";
import { test } from "node:test";
import { query } from "../lib/database";
import { belongings, docker } from "../lib/docker";
import { must } from "../lib/command";
import { testStack } from "../lib/stack";

const stack = testStack({ config: { replicas: 1, retainVolumes: true } });
const dataVolumes = [0, 1].map((node) => `${stack.container(node)}-data`);

/** What pg_controldata says about a volume that no server uses. */
async function controlData(image: string, volume: string): Promise<string> {
  const mount = ["--volume", `${volume}:/var/lib/postgresql`, "--entrypoint", "sh"];
  const line = "$(echo /usr/lib/postgresql/*/bin)/pg_controldata /var/lib/postgresql/data";
  return docker("run", "--rm", "--network", "none", ...mount, image, "-c", line);
}

let image = "";
let identifier = "";

test("retainVolumes: destroy keeps the data volumes only, each cleanly shut down", async () => {
  await stack.up();
  ({ image } = await stack.facts(0));
  identifier = (await stack.outputs()).health.systemIdentifier;
  await query(await stack.primary(), "create table kept as select generate_series(1, 100) as n");
  const down = await stack.command("down", ["--yes"]);
  assert.equal(down.code, 0, down.text);
  const { containers, networks, volumes } = await belongings(stack.name);
  assert.deepEqual({ containers, networks }, { containers: [], networks: [] });
  assert.deepEqual(volumes, dataVolumes);
  const states = await Promise.all(dataVolumes.map((volume) => controlData(image, volume)));
  assert.match(states[0] ?? "", /cluster state: +shut down\n/);
  assert.match(states[1] ?? "", /cluster state: +shut down in recovery\n/);
});

test("up takes the same cluster up again, and the passwords of the new outputs work", async () => {
  await stack.up();
  assert.equal((await stack.outputs()).health.systemIdentifier, identifier);
  for (const node of [await stack.primary(), ...(await stack.replicas())]) {
    assert.deepEqual(await query(node, "select count(*)::int as n from kept"), [{ n: 100 }]);
  }
  assert.equal((await stack.up()).total, 0);
});

test("a kept replica volume of another cluster is refused with both identifiers, untouched", async () => {
  const down = await stack.command("down", ["--yes"]);
  assert.equal(down.code, 0, down.text);
  const [, replicaVolume = ""] = dataVolumes;
  const line =
    'cd /var/lib/postgresql; PATH="$PATH:$(echo /usr/lib/postgresql/*/bin)"; rm -rf data; ' +
    "initdb -D data >/dev/null; touch data/standby.signal";
  await must("docker", [
    ...["run", "--rm", "--network", "none", "--tmpfs", "/run/postgresql:uid=999,gid=999,mode=0755"],
    ...[
      "--volume",
      `${replicaVolume}:/var/lib/postgresql`,
      "--entrypoint",
      "sh",
      image,
      "-ec",
      line,
    ],
  ]);
  const other =
    /system identifier: +(\d+)/.exec(await controlData(image, replicaVolume))?.[1] ?? "";
  assert.notEqual(other, identifier);

  const { text } = await stack.failingUp();
  assert.ok(text.includes(identifier) && text.includes(other), text);
  assert.ok(text.includes("pg-1"), text);
  const after = await controlData(image, replicaVolume);
  assert.ok(after.includes(other), "the volume is untouched");
});

test("with that volume gone, up seeds the replica anew and all rows are there", async () => {
  const [, replicaVolume = ""] = dataVolumes;
  await docker("rm", "--force", stack.container(1));
  await docker("volume", "rm", replicaVolume);
  await stack.up({ args: ["--refresh"] });
  for (const node of await stack.replicas()) {
    assert.deepEqual(await query(node, "select count(*)::int as n from kept"), [{ n: 100 }]);
  }
});
