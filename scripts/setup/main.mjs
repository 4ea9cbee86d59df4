// `npm run setup`: everything the project needs on this machine. `-- --check` only reports.
import { pathToFileURL } from "node:url";
import { baseImage } from "./base-image.mjs";
import { engine } from "./engine.mjs";
import { exclusively } from "./lock.mjs";
import { nodePackages } from "./node-packages.mjs";
import { plugins } from "./plugins.mjs";
import { pulumiCli } from "./pulumi-cli.mjs";
import { state } from "./state.mjs";
import { perform } from "./steps.mjs";

/** Steps of a lane build on each other; the lanes have nothing to do with one another. */
const lanes = [
  [nodePackages, pulumiCli, plugins, state],
  [engine, baseImage],
];

/**
 * Provides whatever is missing. A step whose predecessor failed is left out.
 * @param {{ checkOnly?: boolean, quiet?: boolean }} [options] `quiet`: only what is not ready is reported
 * @returns {Promise<boolean>} whether everything is ready
 */
export async function setup({ checkOnly = false, quiet = false } = {}) {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    console.error(`Node 20.11 or newer is needed; this is ${process.versions.node}`);
    return false;
  }
  if (checkOnly) return runLanes({ checkOnly, quiet });
  if (quiet && (await allReady())) return true;
  return exclusively(() => runLanes({ checkOnly, quiet }));
}

/** @param {{ checkOnly: boolean, quiet: boolean }} options */
async function runLanes(options) {
  const results = await Promise.all(
    lanes.map(async (lane) => {
      let ready = true;
      for (const step of lane) {
        if (!ready && !options.checkOnly) break;
        ready = (await perform(step, options)) && ready;
      }
      return ready;
    }),
  );
  return results.every(Boolean);
}

/** Looks without taking the lock, so that commands side by side do not wait for each other. */
async function allReady() {
  const outcomes = await Promise.all(
    lanes.map(async (lane) => {
      for (const step of lane) {
        if (!(await step.check({ only: false })).ready) return false;
      }
      return true;
    }),
  );
  return outcomes.every(Boolean);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const unknown = process.argv.slice(2).filter((arg) => arg !== "--check");
  if (unknown.length > 0) {
    console.error(`unknown option ${unknown.join(" ")}: npm run setup, npm run setup -- --check`);
    process.exitCode = 2;
  } else if (!(await setup({ checkOnly: process.argv.includes("--check") }))) {
    process.exitCode = 1;
  }
}
