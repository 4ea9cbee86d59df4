import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root, versions } from "./paths.mjs";

test("package.json, the SDK and toolchain/ pin the same Pulumi", () => {
  const text = (/** @type {string} */ file) => readFileSync(join(root, file), "utf8");
  /** @type {unknown} */
  const manifest = JSON.parse(text("package.json"));
  const { dependencies } = /** @type {{ dependencies: Record<string, string> }} */ (manifest);
  assert.equal(dependencies["@pulumi/pulumi"], versions.pulumi);
  assert.ok(
    text("toolchain/cli/go.mod").includes(`github.com/pulumi/pulumi/pkg/v3 v${versions.pulumi}\n`),
  );
});

test("the lock file names no registry", () => {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  assert.equal(/"resolved": "https?:/.test(lock), false);
});
