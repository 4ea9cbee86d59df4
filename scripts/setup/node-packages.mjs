// Step: the packages of package-lock.json.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "./execute.mjs";
import { root } from "./paths.mjs";

/** @typedef {{ version?: string, integrity?: string, optional?: boolean }} Entry */

/** @type {import("./steps.mjs").Step} */
export const nodePackages = {
  title: "Node packages",
  check() {
    const wrong = difference();
    return wrong === undefined
      ? { ready: true, detail: "as package-lock.json says" }
      : { ready: false, detail: wrong };
  },
  async run() {
    // npm hands its own path to the scripts it starts; on Windows `npm` is no program of its own.
    const own = process.env["npm_execpath"];
    const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
    const options = { cwd: root, seconds: 900 };
    if (own !== undefined && /npm-cli\.js$/.test(own)) {
      await execute(process.execPath, [own, ...args], options);
    } else {
      await execute("npm", args, options);
    }
    return "installed with npm ci";
  },
};

/** What of the lock file is not installed, undefined when all of it is. */
function difference() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return "not installed";
  const there = packages(installed);
  for (const [name, entry] of Object.entries(packages(join(root, "package-lock.json")))) {
    if (name === "") continue;
    const found = there[name];
    // Packages for other platforms are left out by npm.
    if (found === undefined && entry.optional === true) continue;
    if (found === undefined) return `${name} is missing`;
    if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${name} is not the one of package-lock.json`;
    }
  }
  return undefined;
}

/** @param {string} file @returns {Record<string, Entry>} */
function packages(file) {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(file, "utf8"));
  return /** @type {{ packages: Record<string, Entry> }} */ (parsed).packages;
}
