// Reading and mending a stack's state, through the CLI only.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { backend, localStateDirectory } from "../setup/environment.mjs";
import { projectName } from "../setup/paths.mjs";
import { capturePulumi } from "./pulumi.mjs";
import { baseName } from "./stack-settings.mjs";

/**
 * @typedef {object} Deployment
 * @property {{ resources?: { type: string, id?: string }[], pending_operations?: unknown[] }} [deployment]
 */

/** @param {string} stack @returns {Deployment} */
export function exportState(stack) {
  const { code, stdout, stderr } = capturePulumi(stack, ["stack", "export"]);
  if (code !== 0) throw new Error(`the state of ${stack} cannot be read: ${stderr.trim()}`);
  /** @type {unknown} */
  const parsed = JSON.parse(stdout);
  return /** @type {Deployment} */ (parsed);
}

/** Ids of the containers and networks in a state. @param {Deployment} state @returns {Set<string>} */
export function knownIds(state) {
  const resources = state.deployment?.resources ?? [];
  const ids = resources
    .filter(({ type }) => /^docker:.*:(Container|Network)$/.test(type))
    .flatMap(({ id }) => (id === undefined ? [] : [id]));
  return new Set(ids);
}

/**
 * Removes operations that an interrupted update left open.
 * @param {string} stack
 * @param {Deployment} state
 * @returns {number} how many there were
 */
export function clearPendingOperations(stack, state) {
  const count = state.deployment?.pending_operations?.length ?? 0;
  if (count === 0) return 0;
  const mended = { ...state, deployment: { ...state.deployment, pending_operations: [] } };
  const input = JSON.stringify(mended);
  const { code, stderr } = capturePulumi(stack, ["stack", "import"], input);
  if (code !== 0) throw new Error(`the state of ${stack} cannot be mended: ${stderr.trim()}`);
  return count;
}

/** Ends an update that was never finished. @param {string} stack @returns {boolean} whether there was one */
export function cancelUpdate(stack) {
  const running = runningUpdate(stack);
  if (running !== undefined) {
    throw new Error(
      `an update of ${stack} is running (process ${String(running)}): wait for it or end it, then try again`,
    );
  }
  return capturePulumi(stack, ["cancel", "--yes"]).code === 0;
}

/**
 * The process that holds the local backend's lock, if it lives. `pulumi cancel` would take the lock away
 * from under it.
 * @param {string} stack
 * @returns {number | undefined}
 */
function runningUpdate(stack) {
  const locks = join(localStateDirectory(), ".pulumi", "locks");
  const folder = join(locks, "organization", projectName, baseName(stack));
  if (backend().kind !== "local" || !existsSync(folder)) return undefined;
  for (const file of readdirSync(folder)) {
    /** @type {unknown} */
    const parsed = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const { pid, hostname: host } = /** @type {{ pid: number, hostname: string }} */ (parsed);
    if (host === hostname() && isPulumi(pid)) return pid;
  }
  return undefined;
}

/** Whether the process lives and is a CLI, as far as can be told here. @param {number} pid */
function isPulumi(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const name = `/proc/${String(pid)}/comm`;
  return !existsSync(name) || readFileSync(name, "utf8").trim() === "pulumi";
}
