import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../setup/paths.mjs";
import { runTests } from "./test-file.mjs";

const folder = mkdtempSync(join(tmpdir(), "sav3-runner-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** @param {string} name @param {string} body @param {number} [seconds] */
function run(name, body, seconds = 60) {
  const file = join(folder, `${name}.test.mjs`);
  writeFileSync(file, `import { test } from "node:test";\n${body}\n`);
  // A runner below a runner would report to the outer one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, FORCE_COLOR: "1" };
  return runTests(name, [file], { seconds, env, cwd: root });
}

test("passed, failed and skipped tests are counted, coloured output or not", async () => {
  const body = `
    test("good", () => {});
    test("skipped", { skip: true }, () => {});
    test("bad", () => { throw new Error("seen"); });`;
  const result = await run("mixed", body);
  assert.deepEqual(
    [result.passed, result.failed, result.skipped, result.ok],
    [1, 1, 1, false],
    result.output,
  );
  assert.match(result.output, /seen/);
});

test("a file that dies is a failure", async () => {
  const result = await run("dies", "process.exit(3);");
  assert.equal(result.ok, false);
  assert.ok(result.failed > 0);
});

test("a file over its time is told to stop and may clean up", async () => {
  const mark = join(folder, "cleaned");
  const body = `
    import { writeFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    process.on("SIGTERM", async () => {
      await sleep(500);
      writeFileSync(${JSON.stringify(mark)}, "yes");
      process.exit(1);
    });
    test("slow", () => sleep(120_000));`;
  const result = await run("slow", body, 5);
  assert.equal(result.ok, false);
  assert.match(result.output, /not finished after 5 s/);
  assert.ok(existsSync(mark));
});
