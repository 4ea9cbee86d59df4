// `npm run status`: looks at the cluster as the gate does, now. Exit code 1 when it is not healthy.
import { openProbe } from "../../components/health/probe";
import { prove } from "../../components/health/prove";
import { readConnection } from "../lib/stack";
import { renderStatus, statusOf } from "../lib/status";
import { certificateNotes } from "../lib/status-notes";

/** A replica that just reconnects is given this long before it is called sick. */
const glance = { timeoutMs: 3000, answerMs: 2000, pollMs: 100 };

async function main(args: readonly string[]): Promise<number> {
  const { selectStack } = await import("../lib/selection.mjs");
  const { stack, rest } = selectStack(args);
  const { plan, secrets } = await readConnection(stack);
  const probe = openProbe(plan, "", glance.answerMs);
  const { seen, problems } = await prove(plan, () => probe.look(), {
    timeoutMs: glance.timeoutMs,
    pollMs: glance.pollMs,
    now: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    waiting: () => undefined,
  });
  await probe.close();
  const status = statusOf(plan, seen, problems, certificateNotes(secrets, new Date()));
  console.log(
    rest.includes("--json")
      ? JSON.stringify(status, undefined, 2)
      : renderStatus(status, stack).join("\n"),
  );
  return status.healthy ? 0 : 1;
}

void import("../lib/command.mjs").then(({ command }) => command(main));
