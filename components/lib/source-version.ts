import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A version of the code that a dynamic provider carries into the state.
 *
 * `refresh` and `delete` run the code stored in the state, and only an update stores new code: a provider whose
 * `diff` compares this is exchanged by the first `up` after its sources changed.
 *
 * @param folder folder of the calling source (`__dirname`)
 * @param files its sources, relative to that folder
 */
export function sourceVersion(folder: string, files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(readFileSync(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 12);
}
