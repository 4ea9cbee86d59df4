import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import { progress } from "./progress";

/** One line of docs/faults.md. */
export interface Measured {
  readonly file: string;
  readonly what: string;
  readonly seen: string;
}

/**
 * Notes something worth knowing that a test saw: a number, a duration, a count. Printed always, and
 * kept for docs/faults.md when SAV3_REPORT names a file (`npm run test:long`).
 */
export function measured(what: string, seen: string): void {
  progress(`${what}: ${seen}`);
  const report = process.env["SAV3_REPORT"];
  if (report === undefined) return;
  const file = basename(process.argv[1] ?? "").replace(/\.test\.ts$/, "");
  const line: Measured = { file, what, seen };
  appendFileSync(report, `${JSON.stringify(line)}\n`);
}
