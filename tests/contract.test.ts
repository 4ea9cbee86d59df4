import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { type Call, type Plugins, connect, isCall } from "./contract/client";
import { contractFolder, enterWorkplace } from "./contract/workplace";

/** The calls whose answers follow from the question alone. */
function timeless(call: Call): boolean {
  const { method, request } = call;
  if (method === "Check" || method === "Diff") return true;
  return (method === "Create" || method === "Update") && request.preview === true;
}

describe("the plugins answer like the released ones", () => {
  let plugins: Plugins;
  let leave: () => void;
  before(async () => {
    leave = enterWorkplace();
    plugins = await connect();
  });
  after(() => {
    plugins.close();
    leave();
  });

  for (const file of readdirSync(contractFolder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()) {
    const lines = readFileSync(path.join(contractFolder, file), "utf8").trim().split("\n");
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
