import assert from "node:assert/strict";
import { before, test } from "node:test";
import { clientConfig, query } from "./lib/database";
import { belongings } from "./lib/docker";
import { testStack } from "./lib/stack";
import { Writer } from "./lib/writer";

const one = testStack({ config: { replicas: 1 } });
const two = testStack({ config: { replicas: 1 } });

before(async () => {
  await one.up();
  await two.up();
});

test("two stacks share no name, port or system identifier", async () => {
  const names = await Promise.all([one, two].map(({ name }) => belongings(name)));
  const flat = names.map((mine) => [mine.containers, mine.volumes, mine.networks].flat());
  for (const mine of flat) assert.ok(mine.length >= 7, mine.join(" "));
  assert.equal(new Set(flat.flat()).size, flat.flat().length);

  const ports = [await one.outputs(), await two.outputs()]
    .flatMap(({ primaryUri, replicaUris }) => [primaryUri, ...replicaUris])
    .map((uri) => new URL(uri).port);
  assert.equal(new Set(ports).size, 4);

  const identifiers = [await one.outputs(), await two.outputs()].map(
    ({ health }) => health.systemIdentifier,
  );
  assert.notEqual(identifiers[0], identifiers[1]);
});

test("neither stack's password or authority is good for the other", async () => {
  for (const [mine, other] of [
    [one, two],
    [two, one],
  ] as const) {
    const own = await mine.primary();
    const foreign = await other.primary();
    const target = new URL(foreign.uri);
    target.password = new URL(own.uri).password;
    await assert.rejects(query({ uri: target.href, ca: foreign.ca }, "select 1"), {
      code: "28P01",
    });
    await assert.rejects(
      query({ uri: foreign.uri, ca: own.ca }, "select 1"),
      /self.signed|unable to (verify|get)|certificate signature failure/i,
    );
  }
});

test("destroying one leaves the other's writer undisturbed", async () => {
  const writer = await Writer.start(await two.primary());
  const down = await one.command("down", ["--yes"]);
  assert.equal(down.code, 0, down.text);
  assert.deepEqual(await belongings(one.name), { containers: [], volumes: [], networks: [] });
  await writer.more();
  const { missing, failed, acknowledged } = await writer.finish();
  assert.deepEqual({ missing, failed }, { missing: [], failed: 0 });
  assert.ok(acknowledged > 5);
  assert.equal((await two.up()).total, 0);
  assert.ok(clientConfig(await two.primary()).port);
});
