import { basename } from "node:path";

const started = Date.now();
const file = basename(process.argv[1] ?? "test").replace(/\.test\.ts$/, "");

/** One line on standard error: which test file, seconds since its start, what it does now. */
export function progress(text: string): void {
  const seconds = ((Date.now() - started) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds}s ${file}: ${text}\n`);
}

/** True in `npm run test:long`: full counts instead of a few. */
export const long = process.env["SAV3_LONG"] === "1";

/**
 * What a test holds a promised limit against: the promise itself in the long run, three times as much in `npm test`,
 * which also runs on machines that are busy with other things.
 */
export function allowed(promised: number): number {
  return long ? promised : 3 * promised;
}
