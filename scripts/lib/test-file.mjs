// One file of tests in a process group of its own, with a deadline.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";

/** Seconds that tests get to clean up after they were told to stop. */
const graceSeconds = 60;

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {boolean} ok
 * @property {string} output
 * @property {number} seconds
 */

/** Test processes that run now, so that an interrupt takes them along. @type {Set<number>} */
const running = new Set();

/**
 * Runs test files in one Node process and reads the summary at its end. When the deadline passes, the whole
 * process group gets SIGTERM, so that tests can clean up, and a little later SIGKILL.
 * @param {string} name what to call it
 * @param {readonly string[]} files
 * @param {{ seconds: number, env: NodeJS.ProcessEnv, cwd: string }} settings
 * @returns {Promise<Result>}
 */
export function runTests(name, files, { seconds, env, cwd }) {
  return new Promise((resolve) => {
    const start = performance.now();
    const args = ["--import", "tsx", "--test", "--test-reporter", "spec", ...files];
    const child = spawn(process.execPath, args, {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const group = child.pid;
    if (group !== undefined) running.add(group);
    let output = "";
    const keep = (/** @type {string} */ text) => {
      output += text;
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      signal(group, "SIGTERM");
    }, seconds * 1000);
    const end = setTimeout(
      () => {
        signal(group, "SIGKILL");
      },
      (seconds + graceSeconds) * 1000,
    );
    child.on("error", (error) => {
      output += `${error.message}\n`;
    });
    child.on("close", (code) => {
      void (async () => {
        clearTimeout(deadline);
        // The runner may end before the tests it has told to stop; what stays after that must not outlive them.
        await emptied(group, code === 0 ? 2 : graceSeconds);
        clearTimeout(end);
        signal(group, "SIGKILL");
        if (group !== undefined) running.delete(group);
        if (late) output += `\nnot finished after ${String(seconds)} s: stopped\n`;
        const passed = count(output, "pass");
        const failed = count(output, "fail") + count(output, "cancelled");
        const ok = code === 0 && failed === 0 && !late;
        resolve({
          name,
          passed,
          // A file that dies without a failed test is a failure all the same.
          failed: ok ? 0 : Math.max(failed, 1),
          skipped: count(output, "skipped"),
          ok,
          output,
          seconds: (performance.now() - start) / 1000,
        });
      })();
    });
  });
}

/** Waits until no process of the group is left, or the time is up. */
async function emptied(/** @type {number | undefined} */ group, /** @type {number} */ seconds) {
  const until = Date.now() + seconds * 1000;
  while (group !== undefined && Date.now() < until && signal(group, 0)) await sleep(100);
}

/** Ends all test processes that are running. @param {NodeJS.Signals} name */
export function endAll(name) {
  for (const group of running) signal(group, name);
}

/** The number after the last line such as `ℹ pass 12`. @param {string} output @param {string} word */
function count(output, word) {
  const plain = stripVTControlCharacters(output);
  const found = [...plain.matchAll(new RegExp(`^. ${word} (\\d+)$`, "gmu"))].at(-1);
  return Number(found?.[1] ?? 0);
}

/**
 * @param {number | undefined} group
 * @param {NodeJS.Signals | 0} name 0 only asks
 * @returns {boolean} whether there is such a group
 */
function signal(group, name) {
  if (group === undefined) return false;
  try {
    return process.kill(-group, name);
  } catch {
    return false;
  }
}
