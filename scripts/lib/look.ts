import { lookAtPoolers } from "../../components/health/poolers";
import { openProbe } from "../../components/health/probe";
import { prove, type Verdict } from "../../components/health/prove";
import type { GatePlan } from "../../components/health/types";
import { connect } from "../../components/lib/engine";
import { poolsOf, type Pool } from "../../components/pooler/console";

/** A replica that just reconnects is given this long before it is called sick. */
const glance = { timeoutMs: 3000, answerMs: 2000, pollMs: 100 };

/** Looks at a cluster as the gate does, and changes nothing. */
export async function lookAt(plan: GatePlan): Promise<Verdict> {
  const probe = openProbe(plan, "", glance.answerMs);
  const verdict = await prove(plan, () => probe.look(), {
    timeoutMs: glance.timeoutMs,
    pollMs: glance.pollMs,
    now: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    lookAtPoolers: () => lookAtPoolers(plan, glance.answerMs),
    waiting: () => undefined,
  });
  await probe.close();
  // People want to see them also while something is wrong with a server.
  return verdict.poolers.length > 0
    ? verdict
    : { ...verdict, poolers: await lookAtPoolers(plan, glance.answerMs) };
}

/** The pools of every pooler by its name; none of one that does not answer. */
export async function poolsIn({ dockerHost, pooler }: GatePlan): Promise<Record<string, Pool[]>> {
  const docker = connect(dockerHost);
  const found = await Promise.all(
    (pooler?.poolers ?? []).map(async ({ pooler: name, containerId }) => {
      const pools = await poolsOf(docker.getContainer(containerId)).catch(() => []);
      return [name, pools] as const;
    }),
  );
  return Object.fromEntries(found);
}
