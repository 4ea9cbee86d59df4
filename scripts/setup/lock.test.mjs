import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const folder = mkdtempSync(join(tmpdir(), "sav3-lock-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const module = join(import.meta.dirname, "lock.mjs");
const journal = join(folder, "journal");

/** A process that notes when it enters and leaves. @param {string} name */
const body = (name) => `
  import { appendFileSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  import { exclusively } from ${JSON.stringify(module)};
  await exclusively(async () => {
    appendFileSync(${JSON.stringify(journal)}, "in ${name}\\n");
    await sleep(300);
    appendFileSync(${JSON.stringify(journal)}, "out ${name}\\n");
  });`;

const env = { ...process.env, SAV3_HOME: folder };

test("two processes at once take turns, and a lock of a dead process is taken over", async () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(join(folder, "setup.lock"), String(dead));
  const codes = await Promise.all(
    ["a", "b", "c"].map(
      (name) =>
        new Promise((resolve) => {
          const args = ["--input-type=module", "-e", body(name)];
          spawn(process.execPath, args, { env, stdio: "ignore" }).on("exit", resolve);
        }),
    ),
  );
  assert.deepEqual(codes, [0, 0, 0]);
  const lines = readFileSync(journal, "utf8").trim().split("\n");
  assert.equal(lines.length, 6);
  for (let i = 0; i < lines.length; i += 2) {
    assert.equal(lines[i + 1], lines[i]?.replace("in", "out"));
  }
});
