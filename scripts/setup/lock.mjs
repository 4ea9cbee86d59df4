// One set-up at a time per folder of tools.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { toolsDirectory } from "./paths.mjs";

/**
 * Runs the work while no other process does; a lock whose holder is gone is taken over.
 * @template T
 * @param {(waited: boolean) => Promise<T>} work `waited`: another set-up finished meanwhile
 * @returns {Promise<T>}
 */
export async function exclusively(work) {
  const file = join(toolsDirectory(), "setup.lock");
  mkdirSync(toolsDirectory(), { recursive: true, mode: 0o700 });
  let waited = false;
  while (!acquire(file)) {
    const holder = holderOf(file);
    if (holder !== undefined && !isAlive(holder)) {
      takeAway(file, holder);
      continue;
    }
    if (!waited) {
      const who = holder === undefined ? "" : ` (process ${String(holder)})`;
      console.error(`  another set-up is at work${who}: waiting for it; its lock is ${file}`);
    }
    waited = true;
    await sleep(500);
  }
  try {
    return await work(waited);
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function acquire(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file @returns {number | undefined} undefined while it is being written or when gone */
function holderOf(file) {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** Moved aside first and looked at again, since another process may have replaced it meanwhile. */
function takeAway(/** @type {string} */ file, /** @type {number} */ holder) {
  const aside = `${file}.${String(process.pid)}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (holderOf(aside) === holder) rmSync(aside, { force: true });
  else renameSync(aside, file);
}
