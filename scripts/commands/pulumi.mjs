// `npm run pulumi -- ARGS`: the Pulumi CLI in this project's environment, for the current stack.
import { takeOption, words } from "../lib/arguments.mjs";
import { pulumi } from "../lib/pulumi.mjs";
import { capture, runInForeground } from "../lib/process.mjs";
import { rememberSelection, selectStack } from "../lib/selection.mjs";
import { refreshSettings, settingsDirectory } from "../lib/stack-settings.mjs";
import { credentialsFolder, environment, pulumiCommand } from "../setup/environment.mjs";

/** Subcommands of `stack` that write settings or the selection in the folder they are run in. */
const ownFolder = ["init", "rm", "rename", "select", "unselect", "change-secrets-provider"];

const args = process.argv.slice(2);
const { stack, rest } = selectStack(args);
const [command, subcommand, name] = words(rest);

if (command === "stack" && subcommand !== undefined && ownFolder.includes(subcommand)) {
  process.exitCode = await manageStacks(subcommand);
} else if (command === "login" || command === "logout") {
  const env = environment();
  env["PULUMI_CREDENTIALS_PATH"] = credentialsFolder();
  delete env["PULUMI_BACKEND_URL"];
  process.exitCode = await runInForeground(pulumiCommand(), args, { env });
} else {
  process.exitCode = await pulumi(stack, args);
}

/** @param {string} action */
async function manageStacks(action) {
  const env = environment();
  const cwd = settingsDirectory();
  const named = takeOption(args, ["--stack", "-s"]).value ?? name;
  if (named !== undefined && action !== "rename") refreshSettings(named);
  if (action !== "select" && action !== "init") env["PULUMI_STACK"] = stack;
  const code = await runInForeground(pulumiCommand(), args, { env, cwd });
  delete env["PULUMI_STACK"];
  const shown = capture(pulumiCommand(), ["stack", "--show-name", "--non-interactive"], {
    cwd,
    env,
  });
  if (code === 0) rememberSelection(shown.code === 0 ? shown.stdout.trim() : undefined);
  return code;
}
