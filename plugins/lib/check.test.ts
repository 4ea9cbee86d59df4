import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { containerFields } from "../docker/container/fields";
import { checkInputs } from "./check";
import { UNKNOWN, type Properties } from "./values";

function failures(news: Properties): string[] {
  const inputs = { image: "i", ...news };
  return checkInputs(containerFields, inputs, {}, () => "made-up").failures.map(
    ({ reason }) => reason,
  );
}

describe("inputs are refused by name", () => {
  const table: readonly [Properties, string][] = [
    [{ pidsLimit: 5 }, '"pidsLimit" is not supported by this plugin'],
    [{ gpus: "all" }, '"gpus" is not supported by this plugin'],
    [{ bridge: "x" }, '"bridge" is not supported by this plugin'],
    [
      { networksAdvanced: [{ name: "n", gwPriority: 1 }] },
      '"networksAdvanced[0].gwPriority" is not supported by this plugin',
    ],
    [{ ports: [{ external: 1 }] }, '"ports[0].internal" is required'],
    [{ memory: -1 }, '"memory" must be at least 0, not -1'],
    [{ memory: "64" }, '"memory" must be a whole number'],
    [{ envs: "A=1" }, '"envs" must be a list'],
    [
      { restart: "often" },
      '"restart" must be no, on-failure, always or unless-stopped, not "often"',
    ],
    [
      { uploads: [{ file: "/x", content: "", permissions: "600" }] },
      '"uploads[0].permissions" must be octal, such as "0640", not "600"',
    ],
    [
      { healthcheck: { interval: "soon" } },
      '"healthcheck.interval" must be a duration such as "1m30s", not "soon"',
    ],
  ];
  for (const [news, reason] of table) {
    test(reason, () => {
      assert.deepEqual(failures(news), [reason]);
    });
  }

  test("several faults are told at once", () => {
    assert.equal(failures({ pidsLimit: 5, memory: -1, tty: "yes" }).length, 3);
  });

  test("what is not known yet is not refused", () => {
    assert.deepEqual(failures({ memory: UNKNOWN, ports: UNKNOWN, envs: [UNKNOWN] }), []);
  });
});

test("a name made up once stays, also when the seed is another", () => {
  const first = checkInputs(containerFields, { image: "i" }, {}, () => "first");
  const second = checkInputs(containerFields, { image: "i" }, first.inputs, () => "second");
  assert.equal(second.inputs["name"], "first");
  const named = checkInputs(containerFields, { image: "i", name: "own" }, first.inputs, () => "x");
  assert.equal(named.inputs["name"], "own");
});
