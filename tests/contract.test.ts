import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type Call, connect, isCall } from "./contract/client";

/** Recorded calls of the released plugins: CONTRACT_DIR, else the copy in this repository. */
const folder = path.resolve(
  process.env["CONTRACT_DIR"] ?? path.join(__dirname, "contract", "recorded"),
);

/** The calls whose answers follow from the question alone. */
function timeless(call: Call): boolean {
  const { method, request } = call;
  if (method === "Check" || method === "Diff") return true;
  return (method === "Create" || method === "Update") && request.preview === true;
}

describe("the plugins answer like the released ones", () => {
  let plugins: Awaited<ReturnType<typeof connect>>;
  before(async () => {
    // Paths in the recorded inputs are relative to the folder.
    process.chdir(folder);
    plugins = await connect();
  });
  after(() => {
    plugins.close();
  });

  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()) {
    const lines = readFileSync(path.join(folder, file), "utf8").trim().split("\n");
    for (const [i, line] of lines.entries()) {
      const call: unknown = JSON.parse(line);
      assert.ok(isCall(call), `${file}:${String(i + 1)} is not a recorded call`);
      if (!timeless(call)) continue;
      test(`${file}:${String(i + 1)} ${call.method} ${call.request.name}`, async () => {
        assert.deepEqual(await plugins.ask(call), call.response);
      });
    }
  }
});
