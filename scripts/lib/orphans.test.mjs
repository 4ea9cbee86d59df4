import assert from "node:assert/strict";
import { test } from "node:test";
import { orphansAmong } from "./orphans.mjs";

test("what a living CLI started is nobody's orphan, what a killed one left is", () => {
  const living = [
    { pid: 10, parent: 2, name: "pulumi" },
    { pid: 11, parent: 10, name: "pulumi-language" },
    { pid: 12, parent: 11, name: "node" },
  ];
  const left = [
    { pid: 21, parent: 1, name: "node" },
    { pid: 22, parent: 21, name: "docker" },
  ];
  assert.deepEqual(orphansAmong([...living, ...left]), left);
  assert.deepEqual(orphansAmong(living), []);
});
