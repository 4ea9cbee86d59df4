import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editDistance, nearest } from "./nearest";

test("the nearest of several words is found, and nothing when none is near", () => {
  const words = ["replicas", "replicaPort", "primaryPort", "tls"];
  assert.equal(nearest("repicas", words), "replicas");
  assert.equal(nearest("primaryport", words), "primaryPort");
  assert.equal(nearest("somethingElse", words), undefined);
  assert.equal(nearest("x", []), undefined);
});

test("edit distance is a distance", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
      assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
    }),
  );
  assert.equal(editDistance("kitten", "sitting"), 3);
});
