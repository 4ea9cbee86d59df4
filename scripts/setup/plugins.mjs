// Step: the docker and random plugins, the released ones or this project's own.
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { environment, pulumiCommand } from "./environment.mjs";
import { briefly, execute } from "./execute.mjs";
import {
  cliDirectory,
  executable,
  isExecutable,
  projectPulumiHome,
  pulumiHome,
  root,
  toolsDirectory,
  versions,
} from "./paths.mjs";

/** @type {readonly ["docker" | "random", string][]} */
const wanted = [
  ["docker", versions.docker],
  ["random", versions.random],
];

/** @type {import("./steps.mjs").Step} */
export const plugins = {
  title: `Plugins docker ${versions.docker}, random ${versions.random}`,
  async check({ only }) {
    const missing = wanted.filter(([name, version]) => !isExecutable(program(name, version)));
    if (missing.length > 0) {
      return { ready: false, detail: `${missing.map(([name]) => name).join(", ")} not here` };
    }
    if (!existsSync(ownMark())) return { ready: true, detail: "the released ones" };
    // The sources may have changed; building takes milliseconds when they have not.
    if (!only && toolsDirectory() === resolve(root, ".sav3")) await buildOwn();
    return { ready: true, detail: "the ones in plugins/" };
  },
  async run(note) {
    if (!existsSync(ownMark())) {
      const failure = await download();
      if (failure === undefined) return "downloaded";
      note(`not downloadable from here (${failure}): taking the ones in plugins/`);
    }
    takeOwnHome();
    await buildOwn();
    writeFileSync(ownMark(), "The plugins beside this file are made from plugins/.\n");
    return "made from plugins/";
  },
};

/** @returns {Promise<string | undefined>} why not */
async function download() {
  const env = { ...environment(), PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "false" };
  try {
    for (const [name, version] of [...wanted].reverse()) {
      const args = ["plugin", "install", "resource", name, version, "--non-interactive"];
      await execute(pulumiCommand(), args, { env, cwd: root, seconds: 300 });
    }
    return undefined;
  } catch (error) {
    return briefly(error).replace(/^error: (\[.*?\] )?/, "");
  }
}

/** A downloaded CLI moves along, since ours must never be found in a PULUMI_HOME that others use. */
function takeOwnHome() {
  const from = cliDirectory(pulumiHome());
  const to = cliDirectory(projectPulumiHome());
  if (from === to) return;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}

async function buildOwn() {
  const { buildPlugins } = await import("../../plugins/build.mjs");
  buildPlugins({
    out: join(toolsDirectory(), "plugins"),
    plugins: join(projectPulumiHome(), "plugins"),
  });
}

function ownMark() {
  return join(projectPulumiHome(), "plugins", "made-here");
}

/** @param {string} name @param {string} version */
function program(name, version) {
  const folder = join(pulumiHome(), "plugins", `resource-${name}-v${version}`);
  const script = join(folder, `pulumi-resource-${name}`);
  return existsSync(ownMark()) ? script : join(folder, executable(`pulumi-resource-${name}`));
}
