import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

const root = resolve(__dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "sav3-closure-"));
const run = promisify(execFile);
const env = { PATH: process.env["PATH"] };
/** An engine that knows no container: enough to run everything up to the first answer. */
let engine: Server;
const dockerHost = `unix://${join(scratch, "engine.sock")}`;

before(async () => {
  engine = createServer((request, response) => {
    const list = request.url?.startsWith("/containers/json");
    response.writeHead(list ? 200 : 404, { "Content-Type": "application/json" });
    response.end(list ? "[]" : '{"message":"No such container: gone"}');
  });
  await new Promise<void>((done) => engine.listen(join(scratch, "engine.sock"), done));
});
after(() => {
  engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Serialises a provider as Pulumi does, in a process with ts-node, and runs the text in another, on plain Node. */
async function fromState(source: string, name: string, call: string, ...args: unknown[]) {
  const { stdout } = await run(
    process.execPath,
    [
      "--require",
      "ts-node/register/transpile-only",
      "--eval",
      `const { serializeFunction } = require("@pulumi/pulumi/runtime");
       const provider = require(${JSON.stringify(join(root, source))})[${JSON.stringify(name)}];
       serializeFunction(() => provider, { allowSecrets: true }).then(({ text }) => process.stdout.write(text));`,
    ],
    { cwd: root, env, maxBuffer: 2 ** 24 },
  );
  const file = join(scratch, `${name}.cjs`);
  writeFileSync(file, stdout);
  const program = `
    const Module = require("node:module");
    const loaded = new Module("state", null);
    loaded.paths = Module._nodeModulePaths(process.cwd());
    loaded._compile(require("node:fs").readFileSync(${JSON.stringify(file)}, "utf8"), "state.js");
    const say = (answer) => process.stdout.write(JSON.stringify(answer));
    loaded.exports.handler().${call}(...${JSON.stringify(args)})
      .then(say, (error) => say({ error: error.message, ...error }));`;
  const answer = await run(process.execPath, ["--eval", program], { cwd: root, env });
  const parsed: unknown = JSON.parse(answer.stdout);
  assert.ok(typeof parsed === "object" && parsed !== null);
  return { text: stdout, answer: Object.fromEntries(Object.entries(parsed)) };
}

const plan = {
  dockerHost,
  nodes: [
    {
      node: "pg-0",
      containerId: "gone",
      containerName: "x-pg-0",
      address: "127.0.0.1",
      port: 1,
      slot: "",
    },
  ],
  primary: "pg-0",
  password: "canary-secret",
  certificate: "",
  privateKey: "",
  ca: "",
  crl: "",
  maxLagBytes: 1,
  timeoutSeconds: 5,
  settings: "hash",
  shownAt: "",
  version: "1",
  __provider: "text",
};

describe("providers as Pulumi stores them", () => {
  it("gate: a refusal keeps the provider and the inputs in the state, and no secret in its text", async () => {
    const { answer, text } = await fromState(
      "components/health/provider",
      "gateProvider",
      "create",
      plan,
    );
    assert.match(String(answer["error"]), /pg-0: container-missing/);
    assert.doesNotMatch(String(answer["error"]), /canary-secret/);
    assert.doesNotMatch(text, /canary-secret/);
    assert.ok(typeof answer["id"] === "string" && answer["id"] !== "");
    assert.deepEqual(answer["reasons"], [answer["error"]]);
    const kept = JSON.stringify(answer["properties"]);
    assert.match(kept, /"__provider":"text"/);
    assert.match(kept, /"sick":"pg-0/);
  });

  it("gate: diff and read of a sick cluster do not throw; diff finds a change", async () => {
    const state = { ...plan, sick: "", proven: "another" };
    const { answer } = await fromState(
      "components/health/provider",
      "gateProvider",
      "diff",
      "id",
      state,
      plan,
    );
    assert.deepEqual(answer, { changes: true });
    const read = await fromState("components/health/provider", "gateProvider", "read", "id", state);
    assert.match(JSON.stringify(read.answer), /"sick":"pg-0: no container/);
  });

  it("settings: a container that is gone is named with the next command", async () => {
    const { answer } = await fromState(
      "components/node/settings-provider",
      "settingsProvider",
      "create",
      {
        dockerHost,
        nodes: [{ node: "pg-0", containerId: "gone", files: { "server.key": "canary-secret" } }],
        restartGraceSeconds: 1,
        timeoutSeconds: 1,
        shownAt: "",
        version: "1",
      },
    );
    assert.match(
      String(answer["error"]),
      /pg-0: its container is gone; next: npm run up -- --refresh/,
    );
    assert.doesNotMatch(String(answer["error"]), /canary-secret/);
  });

  it("port: 0 becomes a port that nothing holds", async () => {
    const { answer } = await fromState("components/node/port-resource", "portProvider", "create", {
      requested: 0,
      bindAddress: "127.0.0.1",
      dockerHost,
    });
    assert.match(JSON.stringify(answer["outs"]), /"port":[23]\d{4},"requested":0/);
  });
});
