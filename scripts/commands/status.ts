// `npm run status`: looks at the cluster as the gate does, now. Exit code 1 when it is not healthy.
import { lookAt, poolsIn } from "../lib/look";
import { readConnection } from "../lib/stack";
import { renderStatus, statusOf } from "../lib/status";
import { certificateNotes } from "../lib/status-notes";

async function main(args: readonly string[]): Promise<number> {
  const { selectStack } = await import("../lib/selection.mjs");
  const { stack, rest } = selectStack(args);
  const { plan, secrets } = await readConnection(stack);
  const verdict = await lookAt(plan);
  const status = statusOf(
    plan,
    verdict,
    await poolsIn(plan),
    certificateNotes(secrets, new Date()),
  );
  console.log(
    rest.includes("--json")
      ? JSON.stringify(status, undefined, 2)
      : renderStatus(status, stack).join("\n"),
  );
  return status.healthy ? 0 : 1;
}

void import("../lib/command.mjs").then(({ command }) => command(main));
