// Reading and mending a stack's state, through the CLI as far as that can do it.
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { backend, localStateDirectory } from "../setup/environment.mjs";
import { projectName } from "../setup/paths.mjs";
import { capturePulumi, stackExists } from "./pulumi.mjs";
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

/** Whether anything but the stack itself is left. @param {Deployment} state */
export function isEmpty(state) {
  const resources = state.deployment?.resources ?? [];
  return resources.every(({ type }) => type === "pulumi:pulumi:Stack");
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

/**
 * Ends an update that was never finished. Of the local backend it is known whether there is one, others
 * are simply asked.
 * @param {string} stack
 * @returns {boolean} whether one was ended
 */
export function cancelUpdate(stack) {
  const holders = backend().kind === "local" ? lockHolders(stack) : undefined;
  if (holders?.length === 0) return false;
  const running = holders?.find(isPulumi);
  if (running !== undefined) {
    throw new Error(
      `an update of ${stack} is running (process ${String(running)}): wait for it or end it, then try again`,
    );
  }
  // One that was killed while it forgot the stack leaves a lock on nothing, which the CLI then neither takes nor ends.
  if (holders !== undefined && !stackExists(stack)) {
    rmSync(lockFolder(stack), { recursive: true });
    return true;
  }
  const { code } = capturePulumi(stack, ["cancel", "--yes"]);
  return code === 0;
}

/** Where the local backend keeps a stack's locks. @param {string} stack */
function lockFolder(stack) {
  const locks = join(localStateDirectory(), ".pulumi", "locks");
  return join(locks, "organization", projectName, baseName(stack));
}

/**
 * Processes of this machine that took the local backend's lock, dead or alive; `pulumi cancel` takes it
 * away from a living one too. Locks from elsewhere count as process 0.
 * @param {string} stack
 */
function lockHolders(stack) {
  const folder = lockFolder(stack);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.map((file) => {
    /** @type {unknown} */
    const parsed = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const lock = /** @type {{ pid: number, hostname: string }} */ (parsed);
    return lock.hostname === hostname() ? lock.pid : 0;
  });
}

/** Whether the process lives and is a CLI, as far as can be told here. @param {number} pid */
function isPulumi(pid) {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    if (process.platform !== "linux") return true;
    // "PID (NAME) STATE ...": a killed one that nobody has waited for yet still answers signals.
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    return /^\d+ \(pulumi\) [^ZX]/.test(stat);
  } catch {
    return false;
  }
}
