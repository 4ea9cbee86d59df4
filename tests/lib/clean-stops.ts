import assert from "node:assert/strict";
import { run } from "./command";
import type { Death, Deaths } from "./events";
import { eventually } from "./wait";

/**
 * So many stops were seen once the engine's last word is in, none of them a kill: a clean stop is
 * exit code 0. Counting them shows that somebody listened. Returns them, oldest first.
 */
export async function cleanStops(deaths: Deaths, count: number): Promise<readonly Death[]> {
  await eventually(`${count} stops`, () => Promise.resolve(deaths().length >= count), {
    seconds: 10,
  });
  const unclean = deaths().filter(({ exitCode }) => exitCode !== 0);
  assert.deepEqual(unclean, []);
  assert.equal(deaths().length, count, JSON.stringify(deaths()));
  return deaths();
}

/**
 * Every start of a node found its control file as a clean stop leaves it. PostgreSQL says at each
 * start what pg_controldata would have said before it: "shut down", or "in recovery" for a standby.
 */
export async function startedFromCleanStop(container: string): Promise<void> {
  const { code, text } = await run("docker", ["logs", container]);
  assert.equal(code, 0, text);
  assert.match(text, /database system was shut down (in recovery )?at /, container);
  assert.doesNotMatch(text, /was not properly shut down|was interrupted/, container);
}
