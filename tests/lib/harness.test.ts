import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "./changes";
import { seeded } from "./random";
import { eventually } from "./wait";

test("changes reads the last summary, in every wording of the CLI", () => {
  const text = [
    "Previewing update (dev):",
    "Resources:",
    "    + 24 to create",
    "",
    "Updating (dev):",
    "Resources:",
    "    + 2 created",
    "    ~ 1 updated",
    "    +-3 replaced",
    "    - 4 deleted",
    "    10 changes. 5 unchanged",
    "",
    "Duration: 3s",
  ].join("\n");
  assert.deepEqual(changes(text), {
    created: 2,
    updated: 1,
    replaced: 3,
    deleted: 4,
    unchanged: 5,
    total: 10,
  });
  const nothing = "Resources:\n    27 unchanged\n\nDuration: 1s\n";
  assert.deepEqual([changes(nothing).total, changes(nothing).unchanged], [0, 27]);
  assert.throws(() => changes("error: it went wrong"), /no summary/);
});

test("the same seed gives the same numbers, in bounds", () => {
  const [one, two] = [seeded(42), seeded(42)];
  for (let n = 0; n < 1000; n += 1) {
    const seen = one.between(3, 9);
    assert.equal(seen, two.between(3, 9));
    assert.ok(seen >= 3 && seen <= 9);
  }
});

test("eventually waits for a value, and says why there was none", async () => {
  let calls = 0;
  const value = await eventually(
    "three",
    () => {
      calls += 1;
      return Promise.resolve(calls === 3 && "three");
    },
    { everyMs: 1 },
  );
  assert.equal(value, "three");
  await assert.rejects(
    eventually("never", () => Promise.reject(new Error("because")), { seconds: 0.01, everyMs: 1 }),
    /never: because/,
  );
});
