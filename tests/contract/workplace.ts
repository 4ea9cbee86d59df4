import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Recorded calls of the released plugins: CONTRACT_DIR, else the copy in this repository. */
export const contractFolder = path.resolve(
  process.env["CONTRACT_DIR"] ?? path.join(__dirname, "recorded"),
);

/**
 * Enters a folder that holds the recorded build context, to which paths in the recordings are relative. The
 * context's digest covers the modes of its files, which checkouts and read-only copies change, so they are
 * as they were at the recording: 0644.
 *
 * @returns leaves the folder and removes it.
 */
export function enterWorkplace(): () => void {
  const workplace = mkdtempSync(path.join(tmpdir(), "contract-"));
  cpSync(path.join(contractFolder, "ctx"), path.join(workplace, "ctx"), { recursive: true });
  for (const name of readdirSync(workplace, { recursive: true, encoding: "utf8" })) {
    const file = path.join(workplace, name);
    chmodSync(file, statSync(file).isDirectory() ? 0o755 : 0o644);
  }
  const before = process.cwd();
  process.chdir(workplace);
  return () => {
    process.chdir(before);
    rmSync(workplace, { recursive: true, force: true });
  };
}
