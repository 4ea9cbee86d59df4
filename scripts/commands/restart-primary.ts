// `npm run restart-primary`: restarts PostgreSQL on the primary. Clients of the pooler wait meanwhile instead of failing.
import { connect } from "../../components/lib/engine";
import { STOP_GRACE_SECONDS } from "../../components/lib/container-options";
import { restartInOrder } from "../../components/node/restart";
import { whilePaused } from "../../components/pooler/pause";
import { lookAt, poolsIn } from "../lib/look";
import { readConnection } from "../lib/stack";
import { renderStatus, statusOf } from "../lib/status";

/** Seconds that the primary has to be back. */
const TIMEOUT_SECONDS = 300;

async function main(args: readonly string[]): Promise<number> {
  const { selectStack } = await import("../lib/selection.mjs");
  const { stack, rest } = selectStack(args);
  if (rest.length > 0) {
    throw new Error(`unknown option ${rest.join(" ")}: restart-primary knows --stack only`);
  }
  const { plan } = await readConnection(stack);
  const docker = connect(plan.dockerHost);
  const say = (text: string) => {
    console.log(text);
  };
  const started = Date.now();
  const poolers = (plan.pooler?.poolers ?? []).filter(({ leadsTo }) => leadsTo === "primary");
  if (poolers.length === 0) say("There is no pooler: sessions on the primary end.");
  await restartInOrder(
    plan.nodes.map(({ node, containerId }) => ({
      node,
      container: docker.getContainer(containerId),
    })),
    { [plan.primary]: ["npm run restart-primary"] },
    {
      graceSeconds: STOP_GRACE_SECONDS,
      timeoutSeconds: TIMEOUT_SECONDS,
      say,
      aroundPrimary: (work) => whilePaused(docker, poolers, say, work),
    },
  );
  say(`${plan.primary} is back after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const status = statusOf(plan, await lookAt(plan), await poolsIn(plan), []);
  console.log(renderStatus(status, stack).join("\n"));
  return status.healthy ? 0 : 1;
}

void import("../lib/command.mjs").then(({ command }) => command(main));
