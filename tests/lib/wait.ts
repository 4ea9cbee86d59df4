import { setTimeout as sleep } from "node:timers/promises";

/** Seconds within which something must have become true, and how often to look. */
export interface Patience {
  /** Default 30. */
  readonly seconds?: number;
  /** Milliseconds between two looks. Default 100. */
  readonly everyMs?: number;
}

/**
 * Runs `look` until it returns something other than undefined or false, and returns that.
 * What it throws counts as "not yet"; the last reason is part of the error at the deadline.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  { seconds = 30, everyMs = 100 }: Patience = {},
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    let reason = "";
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}${reason}`);
    await sleep(everyMs);
  }
}
