// Starting the Pulumi CLI for one stack.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { backend, environment, localStateDirectory, pulumiCommand } from "../setup/environment.mjs";
import { projectName, root } from "../setup/paths.mjs";
import { capture, runInForeground } from "./process.mjs";
import { baseName, refreshSettings, settingsDirectory } from "./stack-settings.mjs";

/**
 * Environment of the CLI for one stack. Stack and settings file travel as variables, so that they reach
 * every command that knows them and disturb none that does not.
 * @param {string} stack
 * @returns {NodeJS.ProcessEnv}
 */
export function stackEnvironment(stack) {
  return {
    ...environment(),
    PULUMI_STACK: stack,
    PULUMI_OPTION_CONFIG_FILE: refreshSettings(stack),
  };
}

/**
 * Runs the CLI in the foreground for a stack; returns its exit code.
 * @param {string} stack
 * @param {readonly string[]} args
 */
export function pulumi(stack, args) {
  return runInForeground(pulumiCommand(), args, { cwd: root, env: stackEnvironment(stack) });
}

/**
 * Runs the CLI for a stack and returns what it said.
 * @param {string} stack
 * @param {readonly string[]} args
 * @param {string} [input]
 */
export function capturePulumi(stack, args, input) {
  return capture(pulumiCommand(), ["--non-interactive", ...args], {
    cwd: root,
    env: stackEnvironment(stack),
    ...(input === undefined ? {} : { input }),
  });
}

/**
 * Creates the stack unless it exists. `stack init` knows no `--config-file` and writes the salt into the
 * project it is run in, so it runs in the folder of the copies.
 * @param {string} stack
 */
export function ensureStack(stack) {
  if (existsLocally(stack)) return;
  refreshSettings(stack);
  const init = capture(
    pulumiCommand(),
    ["stack", "init", "--stack", stack, "--no-select", "--non-interactive"],
    { cwd: settingsDirectory(), env: environment() },
  );
  if (init.code !== 0 && !/already exists/.test(init.stderr)) {
    const next = /locked/.test(init.stderr) ? `\nnext: npm run repair -- --stack ${stack}` : "";
    throw new Error(`the stack ${stack} could not be created: ${init.stderr.trim()}${next}`);
  }
}

/**
 * Whether the CLI knows the stack. A backend that cannot be asked is an error, never a "no": what does not exist is
 * cleaned up.
 * @param {string} stack
 */
export function stackExists(stack) {
  if (existsLocally(stack)) return true;
  const { code, stderr } = capturePulumi(stack, ["stack", "--show-name"]);
  if (code === 0) return true;
  if (/no stack (named|selected)/.test(stderr)) return false;
  throw new Error(`the stack ${stack} cannot be looked up: ${stderr.trim()}`);
}

/** A short cut for the local backend; a "no" is not final, since its layout is the CLI's own. */
function existsLocally(/** @type {string} */ stack) {
  const file = join(
    localStateDirectory(),
    ".pulumi",
    "stacks",
    projectName,
    `${baseName(stack)}.json`,
  );
  return backend().kind === "local" && existsSync(file);
}
