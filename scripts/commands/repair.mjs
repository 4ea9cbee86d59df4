// `npm run repair`: after an update that was killed. Never touches a volume.
import { command } from "../lib/command.mjs";
import { engineOf, removeUnknown } from "../lib/labelled.mjs";
import { stackExists } from "../lib/pulumi.mjs";
import { selectStack } from "../lib/selection.mjs";
import { cancelUpdate, clearPendingOperations, exportState, knownIds } from "../lib/state.mjs";

await command((args) => {
  const { stack, rest } = selectStack(args);
  // It never asks, so that `--yes` says nothing new.
  const unknown = rest.filter((option) => option !== "--yes" && option !== "-y");
  if (unknown.length > 0)
    throw new Error(`unknown option ${unknown.join(" ")}: repair knows --stack only`);
  /** @type {string[]} */
  const done = [];
  /** @type {Set<string>} */
  let known = new Set();
  if (stackExists(stack)) {
    if (cancelUpdate(stack)) done.push("cancelled the update that was never finished");
    const state = exportState(stack);
    const cleared = clearPendingOperations(stack, state);
    if (cleared > 0) done.push(`cleared ${String(cleared)} pending operation(s)`);
    known = knownIds(state);
  }
  done.push(
    ...removeUnknown(engineOf(stack), known).map((what) => `removed ${what}, unknown to the state`),
  );
  if (done.length === 0) console.log(`Nothing to repair in the stack ${stack}.`);
  for (const line of done) console.log(`${stack}: ${line}`);
  if (done.length > 0) console.log("Next: npm run up");
  return Promise.resolve(0);
});
