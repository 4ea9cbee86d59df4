import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ImageCluster, buildImage, cleanUp, withStub } from "./image/cluster";
import type { ImageNode } from "./image/node";

cleanUp();

/** What the primary begins with, and what a standby may not have lower than it. */
const high = {
  max_connections: "130",
  max_worker_processes: "14",
  max_wal_senders: "25",
  max_prepared_transactions: "7",
  max_locks_per_transaction: "96",
};
const names = Object.keys(high).sort();

let image: string;
let cluster: ImageCluster;
let primary: ImageNode;

before(async () => {
  image = await buildImage();
  cluster = await ImageCluster.make(image);
  primary = await cluster.begin(0, {}, { parameters: high });
  await primary.ready();
});

async function values(node: ImageNode): Promise<Record<string, string>> {
  const list = names.map((name) => `'${name}'`).join();
  const rows = await node.sql(`select name, setting from pg_settings where name in (${list})`);
  return Object.fromEntries(
    rows.split("\n").map((row): [string, string] => {
      const [name = "", value = ""] = row.split("|");
      return [name, value];
    }),
  );
}

test("a primary that goes away between two questions is not taken for another cluster's", async () => {
  // The second question of every start is the one for the primary's identifier.
  const stub = `#!/bin/bash
if [[ $* == *IDENTIFY_SYSTEM* ]]; then
  echo asked >>/tmp/asked
  if (($(wc -l </tmp/asked) == 2)); then
    echo 'psql: error: the server closed the connection unexpectedly' >&2
    exit 2
  fi
fi
exec "$0.real" "$@"
`;
  const node = await cluster.begin(2, { image: await withStub(image, "psql", stub) });
  await node.streams();
  const away = /^sav3: the primary went away again$/gm;
  assert.equal((await node.log()).match(away)?.length, 1, "an empty volume waits");
  assert.doesNotMatch(await node.log(), /starting without the primary/);

  await node.stop();
  await node.start();
  await node.streams();
  const log = await node.log();
  assert.equal(log.match(away)?.length, 2);
  assert.match(log, /^sav3: starting without the primary$/m);
  assert.equal(log.match(/^sav3: seeded$/gm)?.length, 1);
  assert.doesNotMatch(log, /refused/);
  await node.stop();
});

test("a standby that was away while its primary's settings were lowered starts, and follows its files later", async () => {
  const standby = await cluster.begin(1, {}, { parameters: high });
  await standby.streams();
  await standby.stop();
  await primary.put(await cluster.files(0));
  await primary.stop();
  await primary.start();
  await primary.ready();
  const low = await values(primary);

  await standby.put(await cluster.files(1));
  await standby.start();
  await standby.streams();
  assert.deepEqual(await values(standby), high);
  const once = /^sav3: starting once with more than the settings say, .*max_connections=130/gm;
  assert.equal((await standby.log()).match(once)?.length, 1);

  await standby.catchUp(primary);
  assert.deepEqual((await standby.apply()).pendingRestart, names);
  await standby.put(await cluster.files(1, { parameters: high }));
  assert.deepEqual((await standby.apply()).pendingRestart, [], "the file says what is there");
  await standby.put(await cluster.files(1));

  await standby.stop();
  await standby.start();
  await standby.streams();
  assert.deepEqual(await values(standby), low);
  assert.deepEqual((await standby.apply()).pendingRestart, []);
  assert.equal((await standby.log()).match(once)?.length, 1, "not a second time");
});
