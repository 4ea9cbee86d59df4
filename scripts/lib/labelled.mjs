// What carries this project's labels on the engine.
import { setTimeout as sleep } from "node:timers/promises";
import { projectName } from "../setup/paths.mjs";
import { capture } from "./process.mjs";
import { baseName, configuredEngine } from "./stack-settings.mjs";

/** Seconds a container gets to stop: PostgreSQL is never killed. */
const graceSeconds = 60;

/** @typedef {{ id: string, name: string }} Thing */
/** @typedef {ReturnType<typeof engineOf>} Engine */

/**
 * The engine of one stack.
 * @param {string} stack
 */
export function engineOf(stack) {
  const address = configuredEngine(stack);
  const env = address === undefined ? process.env : { ...process.env, DOCKER_HOST: address };
  const labels = [`sav3.project=${projectName}`, `sav3.stack=${baseName(stack)}`];
  const filters = labels.flatMap((label) => ["--filter", `label=${label}`]);

  /** @param {readonly string[]} args */
  const docker = (args) => {
    const { code, stdout, stderr } = capture("docker", args, { env });
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr.trim()}`);
    return stdout;
  };
  /** @param {readonly string[]} args @returns {Thing[]} */
  const list = (args) =>
    docker(args)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [id = "", name = ""] = line.split("\t");
        return { id, name };
      });

  return {
    docker,
    list,
    /** Containers of the stack, running or not. */
    containers: () =>
      list(["ps", "--all", "--no-trunc", ...filters, "--format", "{{.ID}}\t{{.Names}}"]),
    networks: () =>
      list(["network", "ls", "--no-trunc", ...filters, "--format", "{{.ID}}\t{{.Name}}"]),
    volumes: () => list(["volume", "ls", ...filters, "--format", "{{.Name}}\t{{.Name}}"]),
    /** Stops cleanly, then removes. @param {Thing} container */
    removeContainer({ id }) {
      unlessLeaving(() => docker(["stop", "-t", String(graceSeconds), id]));
      unlessLeaving(() => docker(["rm", "--force", id]));
    },
    /** @param {Thing} network */
    removeNetwork({ id }) {
      unlessLeaving(() => docker(["network", "rm", id]));
    },
  };
}

/** Somebody who was killed may have asked for the same removal, which is then under way or done. */
function unlessLeaving(/** @type {() => unknown} */ work) {
  try {
    work();
  } catch (error) {
    if (!/no such (container|network)|not found|already in progress/i.test(String(error)))
      throw error;
  }
}

/**
 * Removes the stack's containers and networks that the state does not know; volumes are data and stay.
 * @param {Engine} engine
 * @param {ReadonlySet<string>} known ids in the state
 * @returns {string[]} what was removed
 */
export function removeUnknown(engine, known) {
  /** @type {string[]} */
  const removed = [];
  for (const container of engine.containers().filter(({ id }) => !known.has(id))) {
    engine.removeContainer(container);
    removed.push(`container ${container.name}`);
  }
  for (const network of engine.networks().filter(({ id }) => !known.has(id))) {
    engine.removeNetwork(network);
    removed.push(`network ${network.name}`);
  }
  return removed;
}

/**
 * The same until nothing new appears: an engine finishes what it was asked, also when nobody waits for the answer.
 * @param {Engine} engine
 * @param {ReadonlySet<string>} known ids in the state
 * @returns {Promise<string[]>} what was removed
 */
export async function removeAllUnknown(engine, known) {
  /** @type {string[]} */
  const removed = [];
  for (let quiet = 0; quiet < 2;) {
    const now = removeUnknown(engine, known);
    removed.push(...now);
    quiet = now.length === 0 ? quiet + 1 : 0;
    await sleep(500);
  }
  return removed;
}

/**
 * Removes the images this project built, except those that a container still uses.
 * @param {Engine} engine
 * @returns {{ removed: string[], kept: string[] }}
 */
export function removeImages(engine) {
  /** @type {{ removed: string[], kept: string[] }} */
  const result = { removed: [], kept: [] };
  // The base last: the others are made from it.
  for (const kind of ["node", "pgbouncer", "base"]) {
    const filter = ["--filter", `label=sav3.image=${kind}`, "--no-trunc"];
    const format = ["--format", "{{.ID}}\t{{.Repository}}:{{.Tag}}"];
    for (const { id, name } of engine.list(["image", "ls", ...filter, ...format])) {
      const reference = name.includes("<none>") ? id : name;
      // Without --force the engine itself refuses an image that a container uses.
      const used = engine.list([
        "ps",
        "--all",
        "--filter",
        `ancestor=${id}`,
        "--format",
        "{{.ID}}",
      ]);
      if (used.length > 0) {
        result.kept.push(reference);
        continue;
      }
      engine.docker(["image", "rm", reference]);
      result.removed.push(reference);
    }
  }
  return result;
}
