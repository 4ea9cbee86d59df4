import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rpc from "@pulumi/pulumi/runtime/rpc";
import { hashOf, hasUnknown } from "./inputs";

describe("inputs of dynamic resources", () => {
  it("finds Pulumi's own mark of an unknown value at any depth", () => {
    assert.ok(hasUnknown({ nodes: [{ containerId: rpc.unknownValue }] }));
    assert.ok(!hasUnknown({ nodes: [{ containerId: "abc" }] }));
  });

  it("hashes by content: not by the order of keys, not by the provider's text", () => {
    assert.equal(
      hashOf({ a: 1, b: [{ c: 2, d: 3 }] }),
      hashOf({ b: [{ d: 3, c: 2 }], a: 1, __provider: "x" }),
    );
    assert.notEqual(hashOf({ a: [1, 2] }), hashOf({ a: [2, 1] }));
  });
});
