// Installing Debian packages, where that is allowed.
import { existsSync, readFileSync } from "node:fs";
import { execute } from "./execute.mjs";

/** Whether this is Debian or a relative of it, whoever runs this. */
export function isDebian() {
  if (process.platform !== "linux" || !existsSync("/etc/os-release")) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8"));
}

/** Whether the set-up may install Debian packages itself: only as root, it never asks for a password. */
export function mayInstall() {
  return isDebian() && process.getuid?.() === 0;
}

/** @type {Promise<unknown>} apt allows one at a time */
let queue = Promise.resolve();

/**
 * Installs packages; waits for another apt that is at work.
 * @param {readonly string[]} packages
 */
export function install(packages) {
  const done = queue.then(async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const wait = ["-q", "-o", "DPkg::Lock::Timeout=300"];
    await execute("apt-get", [...wait, "update"], { env, seconds: 300 });
    await execute("apt-get", [...wait, "install", "-y", "--no-install-recommends", ...packages], {
      env,
      seconds: 900,
    });
  });
  queue = done.catch(() => undefined);
  return done;
}

/** Those of the packages that this release has. @param {readonly string[]} packages */
export async function available(packages) {
  /** @type {string[]} */
  const found = [];
  for (const name of packages) {
    const policy = await execute("apt-cache", ["policy", name]).catch(() => "");
    if (/Candidate: (?!\(none\))/.test(policy)) found.push(name);
  }
  return found;
}
