import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ownLines } from "./printable-errors";

test("lines inside packages go, message and own lines stay", () => {
  const stack = [
    "Error: 1 thing has to change",
    "  - replicas is 9, see /x/node_modules/y",
    "    at preflight (/x/components/preflight.ts:39:55)",
    "    at async Stack.initialize (/x/node_modules/@pulumi/resource.ts:1598:22)",
    "    at C:\\x\\node_modules\\@pulumi\\resource.ts:1:1",
  ].join("\n");
  const own = ownLines(stack);
  assert.equal(own, stack.split("\n").slice(0, 3).join("\n"));
  const error = new Error("any");
  error.stack = own;
  assert.ok(inspect(error, { colors: true }).includes("preflight.ts"));
});
