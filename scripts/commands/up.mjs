// `npm run up`: deploys the stack, then shows its health.
import { join } from "node:path";
import { command } from "../lib/command.mjs";
import { deploy } from "../lib/deploy.mjs";
import { runInForeground } from "../lib/process.mjs";
import { environment } from "../setup/environment.mjs";

await command(async (args) => {
  const { code, stack, json } = await deploy("up", args);
  if (code !== 0 || json) return code;
  const status = join(import.meta.dirname, "status.ts");
  // The deployment has proven the cluster; a table that cannot be drawn does not undo that.
  await runInForeground(process.execPath, ["--import", "tsx", status], {
    env: { ...environment(), SAV3_STACK: stack },
  });
  return code;
});
