import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { must } from "./lib/command";
import { query } from "./lib/database";
import { checkout, testStack } from "./lib/stack";

/** The versions that the README promises, but for the one that runs the tests. npm's package `node` brings each. */
const versions = ["20.20.2", "22.23.3", "24.9.0"].filter(
  (version) => version.split(".")[0] !== process.versions.node.split(".")[0],
);

const folder = mkdtempSync(join(tmpdir(), "sav3-node-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

for (const version of versions) {
  test(`Node ${version}: the commands, the program and its providers work`, async () => {
    const place = join(folder, version);
    const options = ["--no-audit", "--no-fund", "--no-save", "--prefix", place];
    await must("npm", ["install", ...options, `node@${version}`], { timeoutSeconds: 120 });
    const node = join(place, "node_modules", "node", "bin", "node");
    assert.equal((await must(node, ["--version"])).stdout.trim(), `v${version}`);

    // Closures carried into the state are the part that a version of Node can break.
    const closures = ["health", "tls"].map((part) => `components/${part}/closure.test.ts`);
    await must(node, ["--import", "tsx", "--test", ...closures], { cwd: checkout });

    const stack = testStack({ config: { replicas: 1 }, node });
    await stack.up();
    for (const address of [await stack.primary(), ...(await stack.replicas())]) {
      assert.deepEqual(await query(address, "select 6 * 7 as n"), [{ n: 42 }]);
    }
    assert.equal((await stack.up()).total, 0);
    const status = await stack.command("status");
    assert.equal(status.code, 0, status.text);
    const down = await stack.command("down", ["--yes"]);
    assert.equal(down.code, 0, down.text);
  });
}
