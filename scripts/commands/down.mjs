// `npm run down`: removes everything of a stack; `-- --images` also the images this project built.
import { takeFlag } from "../lib/arguments.mjs";
import { command } from "../lib/command.mjs";
import { engineOf, removeImages, removeUnknown } from "../lib/labelled.mjs";
import { runInForeground } from "../lib/process.mjs";
import { pulumi, stackExists } from "../lib/pulumi.mjs";
import { forgetSelection, selectStack } from "../lib/selection.mjs";
import { forgetSettings, settingsDirectory } from "../lib/stack-settings.mjs";
import { exportState, isEmpty } from "../lib/state.mjs";
import { environment, pulumiCommand } from "../setup/environment.mjs";

await command(async (args) => {
  const { stack, rest: given } = selectStack(args);
  const { given: images, rest } = takeFlag(given, "--images");
  if (rest.includes("--help") || rest.includes("-h")) return pulumi(stack, ["destroy", "--help"]);
  const engine = engineOf(stack);
  if (!stackExists(stack)) {
    console.log(`There is no stack ${stack}.`);
    const others = [...engine.containers(), ...engine.networks()].map(({ name }) => name);
    if (others.length > 0) {
      console.log(`Its name is on ${others.join(", ")}, which this checkout does not know.`);
      console.log(`\`npm run repair -- --stack ${stack}\` removes them.`);
    }
  } else {
    const code = await destroy(stack, rest);
    if (code !== 0) return code;
    if (!isEmpty(exportState(stack))) {
      console.log(`The stack ${stack} still has resources and stays.`);
      return 0;
    }
    for (const what of removeUnknown(engine, new Set())) {
      console.log(`Removed ${what}, which the state did not know.`);
    }
    await removeStack(stack);
  }
  forgetSettings(stack);
  forgetSelection(stack);
  const kept = engine.volumes();
  if (kept.length > 0) {
    console.log(
      "Kept, because of retainVolumes or because the state did not know them: " +
        `${kept.map(({ name }) => name).join(", ")}. \`docker volume rm NAME\` deletes one for good.`,
    );
  }
  if (images) report(removeImages(engine));
  return 0;
});

/** @param {string} stack @param {readonly string[]} rest */
function destroy(stack, rest) {
  console.log(
    `Removing the stack ${stack}: its containers, its network and its volumes with all data ` +
      "(volumes stay where retainVolumes is true).",
  );
  const asks = process.stdin.isTTY && process.stdout.isTTY;
  const agreed = rest.some((option) => /^(--yes|-y|--skip-preview|-f)(=true)?$/.test(option));
  return pulumi(stack, ["destroy", ...(asks || agreed ? [] : ["--yes"]), ...rest]);
}

/** Forgets the empty stack; it runs beside the copies, where it removes the stack's settings too. */
async function removeStack(/** @type {string} */ stack) {
  const env = { ...environment(), PULUMI_STACK: stack };
  const code = await runInForeground(pulumiCommand(), ["stack", "rm", "--yes", "--stack", stack], {
    cwd: settingsDirectory(),
    env,
  });
  if (code !== 0) throw new Error(`the stack ${stack} is empty but could not be removed`);
}

/** @param {{ removed: string[], kept: string[] }} images */
function report({ removed, kept }) {
  for (const name of removed) console.log(`Removed image ${name}.`);
  for (const name of kept) console.log(`Kept image ${name}: another stack uses it.`);
}
