import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { diffState } from "./diff";
import { type Fields, bool, int, list, map, object, set, text } from "./schema";
import type { Properties } from "./values";

const fields: Fields = {
  command: list({ forceNew: true }),
  health: object({ interval: text(), retries: int() }),
  memory: int(),
  mounted: map(),
  names: set({ forceNew: true }),
  pairs: set({ fields: { flag: bool(), key: text(), value: text() }, forceNew: true }),
  seen: text({ computed: true }),
};

function detail(olds: Properties, news: Properties): Record<string, string> | undefined {
  return diffState(fields, olds, news, []).detail;
}

describe("a difference is told where it is", () => {
  const table: readonly [name: string, olds: Properties, news: Properties, detail: object][] = [
    ["nothing and empty are the same", { memory: 0, names: [], mounted: {} }, {}, {}],
    ["what the engine fills in stays", { seen: "x" }, {}, {}],
    ["a number", { memory: 1 }, { memory: 2 }, { memory: "UPDATE" }],
    ["a number taken away", { memory: 1 }, {}, { memory: "DELETE" }],
    [
      "a field of a block",
      { health: { interval: "1s", retries: 1 } },
      { health: { interval: "2s", retries: 1 } },
      { "health.interval": "UPDATE" },
    ],
    [
      "a key with slashes",
      { mounted: { "/run": "a" } },
      { mounted: { "/run": "b" } },
      { 'mounted["/run"]': "UPDATE" },
    ],
    [
      "a list element in the middle",
      { command: ["a", "b", "c"] },
      { command: ["a", "x", "c"] },
      { "command[1]": "UPDATE_REPLACE" },
    ],
    [
      "a list element at the end",
      { command: ["a"] },
      { command: ["a", "b"] },
      { "command[1]": "ADD_REPLACE" },
    ],
    ["sets have no order", { names: ["a", "b"] }, { names: ["b", "a"] }, {}],
    [
      "a member of a set",
      { names: ["a", "b"] },
      { names: ["a", "c"] },
      { "names[1]": "UPDATE_REPLACE" },
    ],
    [
      "a block the plan adds nothing to",
      { pairs: [{ flag: true, key: "k", value: "1" }] },
      { pairs: [{ flag: true, key: "k", value: "2" }] },
      { "pairs[0].value": "UPDATE_REPLACE" },
    ],
    [
      "a set of blocks as a whole when the plan filled them up",
      { pairs: [{ flag: null, key: "k", value: "1" }] },
      { pairs: [{ key: "k", value: "2" }] },
      { pairs: "UPDATE_REPLACE" },
    ],
  ];
  for (const [name, olds, news, expected] of table) {
    test(name, () => {
      assert.deepEqual(detail(olds, news), expected);
    });
  }
});

test("ignored properties make no difference", () => {
  assert.equal(diffState(fields, { memory: 1 }, { memory: 2 }, ["memory"]).changed, false);
});

test("resources with a fixed name are deleted before they are replaced, others after", () => {
  const difference = (defaults: string[]) =>
    diffState(
      { ...fields, name: text({ forceNew: true }) },
      { name: "n", command: ["a"] },
      { name: "n", command: ["b"], __defaults: defaults },
      [],
      { autoNamed: true },
    );
  assert.equal(difference([]).deleteBeforeReplace, true);
  assert.equal(difference(["name"]).deleteBeforeReplace, false);
});
