// Child processes by argument vector, never through a shell.
import { spawn, spawnSync } from "node:child_process";

/**
 * Runs a command in the foreground and returns its exit code. Ctrl-C reaches the child through the
 * terminal; this process waits for the child to finish its own way. SIGTERM is passed on.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<number>}
 */
export function runInForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const stay = () => undefined;
    const passOn = () => child.kill("SIGTERM");
    process.on("SIGINT", stay);
    process.on("SIGTERM", passOn);
    const done = () => {
      process.off("SIGINT", stay);
      process.off("SIGTERM", passOn);
    };
    child.on("error", (error) => {
      done();
      reject(error);
    });
    child.on("exit", (code, signal) => {
      done();
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/**
 * Runs a short command and returns what it said. A command that cannot be started has code 127.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, timeout?: number, input?: string }} [options]
 */
export function capture(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...options,
  });
  const failure = result.error?.message ?? "";
  return {
    code: result.status ?? (result.error ? 127 : 1),
    stdout: result.stdout,
    stderr: result.stderr === "" || failure === "" ? result.stderr + failure : result.stderr,
  };
}
