import type Docker from "dockerode";
import { execIn } from "../lib/container";

// Dynamic providers carry these functions along in the state: plain functions and packages only.

/** A pooler that can hold its clients back. */
export interface PausedPooler {
  /** Host name, e.g. `pgbouncer`. */
  pooler: string;
  containerId: string;
}

/**
 * Seconds. A pause ends by itself after `limit`, before clients give up (query_wait_timeout, 120), so that nothing
 * that dies in between leaves anyone waiting; transactions under way get `wait` to end.
 */
const pause = { limit: 90, wait: 10 };

/**
 * Lets no new transaction begin. A pooler that is not up has no clients to hold back.
 *
 * @returns poolers on which transactions were still under way after the waiting
 */
export async function pausePoolers(
  docker: Docker,
  poolers: readonly PausedPooler[],
): Promise<string[]> {
  const busy = await Promise.all(
    poolers.map(async ({ pooler, containerId }) => {
      const command = ["sav3-pause", String(pause.limit), String(pause.wait)];
      const result = await execIn(docker.getContainer(containerId), command, pause.wait + 20).catch(
        () => undefined,
      );
      return result?.stdout.includes("busy") ? [pooler] : [];
    }),
  );
  return busy.flat();
}

/** Transactions may begin again. */
export async function resumePoolers(
  docker: Docker,
  poolers: readonly PausedPooler[],
): Promise<void> {
  await Promise.all(
    poolers.map(({ containerId }) =>
      execIn(docker.getContainer(containerId), ["sav3-resume"], 10).catch(() => undefined),
    ),
  );
}

/** Does what takes a server away while its clients wait at the poolers instead of failing. */
export async function whilePaused(
  docker: Docker,
  poolers: readonly PausedPooler[],
  say: (text: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  if (poolers.length === 0) {
    await work();
    return;
  }
  say(`holding clients back at ${poolers.map(({ pooler }) => pooler).join(" and ")}`);
  try {
    const busy = await pausePoolers(docker, poolers);
    if (busy.length > 0) {
      say(`transactions at ${busy.join(" and ")} last longer than ${pause.wait} s and will be cut`);
    }
    await work();
  } finally {
    await resumePoolers(docker, poolers);
  }
}
