// A long child process of the set-up: quiet when it works, its last words when it does not.
import { spawn } from "node:child_process";

/** How many lines of a failed command's output are worth showing, from its beginning and from its end. */
const shownLines = 15;

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, seconds?: number }} [options] `seconds`: killed after that
 * @returns {Promise<string>} what it wrote to its standard output; rejects with the end of all it wrote
 */
export function execute(command, args, { seconds, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    let output = "";
    let all = "";
    let late = false;
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            child.kill("SIGKILL");
          }, seconds * 1000);
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      output += text;
      all += text;
    });
    child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      all += text;
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new Error(`${command} could not be started: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) {
        resolve(output);
        return;
      }
      const how = late
        ? `did not finish in ${String(seconds)} s`
        : `ended with ${String(code ?? signal)}`;
      reject(new Error(`${[command, ...args].join(" ")} ${how}:\n${ends(all)}`));
    });
  });
}

/** @param {string} text */
function ends(text) {
  const lines = text.trim().split("\n");
  if (lines.length <= 2 * shownLines) return lines.join("\n");
  return [...lines.slice(0, shownLines), "…", ...lines.slice(-shownLines)].join("\n");
}

/** The last line of an error, for a sentence. @param {unknown} error */
export function briefly(error) {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
