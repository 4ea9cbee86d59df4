// `npm run repair`: after an update that was killed. Never touches a volume.
import { command } from "../lib/command.mjs";
import { engineOf, removeAllUnknown } from "../lib/labelled.mjs";
import { endOrphans } from "../lib/orphans.mjs";
import { stackExists } from "../lib/pulumi.mjs";
import { selectStack } from "../lib/selection.mjs";
import { cancelUpdate, clearPendingOperations, exportState, knownIds } from "../lib/state.mjs";

await command(async (args) => {
  const { stack, rest } = selectStack(args);
  // It never asks, so that `--yes` says nothing new.
  const unknown = rest.filter((option) => option !== "--yes" && option !== "-y");
  if (unknown.length > 0)
    throw new Error(`unknown option ${unknown.join(" ")}: repair knows --stack only`);
  /** @type {string[]} */
  const done = [];
  /** @type {Set<string>} */
  let known = new Set();
  const exists = stackExists(stack);
  // Also without the stack: whoever was killed while it was made or removed has left its lock.
  if (cancelUpdate(stack)) done.push("cancelled the update that was never finished");
  if (exists) {
    const left = await endOrphans(stack);
    if (left > 0) done.push(`ended ${String(left)} process(es) that the update left running`);
    const state = exportState(stack);
    const cleared = clearPendingOperations(stack, state);
    if (cleared > 0) done.push(`cleared ${String(cleared)} pending operation(s)`);
    known = knownIds(state);
  }
  const removed = await removeAllUnknown(engineOf(stack), known);
  done.push(...removed.map((what) => `removed ${what}, unknown to the state`));
  if (done.length === 0) console.log(`Nothing to repair in the stack ${stack}.`);
  for (const line of done) console.log(`${stack}: ${line}`);
  if (done.length > 0) console.log("Next: npm run up");
  return 0;
});
