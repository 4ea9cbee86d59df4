// `npm run COMMAND -- ARGS`: prepares what the command needs, then starts it with the set-up's environment.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runInForeground } from "./lib/process.mjs";
import { setup } from "./setup/main.mjs";
import { environment } from "./setup/environment.mjs";
import { hasCli, projectName, pulumiHome, root } from "./setup/paths.mjs";

/** Commands that build or change something and so look at everything the set-up provides. */
const needsEverything = ["up", "preview", "rotate"];

const [command, ...given] = process.argv.slice(2);
// `npm run x -- -- y` and `node scripts/run.mjs x -- y` mean the same as without the dashes.
const args = given[0] === "--" ? given.slice(1) : given;
const module = [".mjs", ".ts"]
  .map((extension) => join(root, "scripts", "commands", `${command ?? ""}${extension}`))
  .find((file) => command !== undefined && /^[a-z][a-z-]*$/.test(command) && existsSync(file));

if (module === undefined) {
  console.error("usage: npm run COMMAND -- ARGS (see README.md for the commands)");
  process.exitCode = 2;
} else {
  process.exitCode = await main(module);
}

/** @param {string} file the command's module */
async function main(file) {
  const everything = needsEverything.includes(command ?? "");
  if (everything) await useConfiguredEngine();
  if ((everything || !hasCli(pulumiHome())) && !(await setup({ quiet: true }))) return 1;
  // The helpers below need the packages that the set-up has just seen to.
  const { selectStack } = await import("./lib/selection.mjs");
  const { stack, rest } = selectStack(args);
  // Commands in TypeScript get all they need from the environment; the others make it themselves.
  return file.endsWith(".ts")
    ? runInForeground(process.execPath, ["--import", "tsx", file, ...rest], {
        env: { ...environment(), SAV3_STACK: stack },
      })
    : runInForeground(process.execPath, [file, ...args]);
}

/** Where the stack names an engine, that one is what the set-up has to look at. */
async function useConfiguredEngine() {
  // On a fresh clone the packages that read settings are not there yet; the program itself still is right.
  if (!existsSync(join(root, "node_modules", "yaml"))) return;
  const [{ selectStack }, { configuredEngine }, { configOption }] = await Promise.all([
    import("./lib/selection.mjs"),
    import("./lib/stack-settings.mjs"),
    import("./lib/arguments.mjs"),
  ]);
  const address =
    configOption(args, `${projectName}:dockerHost`) ?? configuredEngine(selectStack(args).stack);
  if (address) process.env["DOCKER_HOST"] = address;
}
