import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { X509Certificate } from "node:crypto";
import { after, describe, it } from "node:test";
import { serializeFunction } from "@pulumi/pulumi/runtime";
import { authorityProvider } from "./authority";
import { certificateProvider } from "./certificate";
import { revocationsProvider } from "./revocations";

const root = resolve(__dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "sav3-closure-"));
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** Runs a provider's function as Pulumi does: from its text, in another process, on plain Node. */
async function fromState(provider: object, call: string, ...args: unknown[]): Promise<unknown> {
  const { text } = await serializeFunction(() => provider, { allowSecrets: true });
  const file = join(scratch, `${call}-${Math.random().toString(36).slice(2)}.cjs`);
  writeFileSync(file, text);
  const program = `
    const { readFileSync } = require("node:fs");
    const Module = require("node:module");
    const loaded = new Module("state", null);
    loaded.paths = Module._nodeModulePaths(process.cwd());
    loaded._compile(readFileSync(${JSON.stringify(file)}, "utf8"), "");
    loaded.exports.handler().${call}(...${JSON.stringify(args)})
      .then((answer) => process.stdout.write(JSON.stringify(answer)));`;
  const options = { cwd: root, encoding: "utf8", env: { PATH: process.env["PATH"] } } as const;
  return JSON.parse(execFileSync(process.execPath, ["-e", program], options));
}

const authorityInputs = {
  stack: "test",
  ownCertificate: "",
  ownPrivateKey: "",
  rotation: "",
  retire: "",
  leafValidityHours: 1,
};

describe("providers as Pulumi stores them", () => {
  it("make an authority, a certificate of it and its list on plain Node", async () => {
    const authority = await authorityProvider.create(authorityInputs);
    const stored = await fromState(authorityProvider, "update", "id", authority.outs, {
      ...authorityInputs,
      rotation: "new",
    });
    assert.ok(isRecord(stored) && isRecord(stored["outs"]));
    const { certificate, privateKey } = stored["outs"];
    assert.ok(typeof certificate === "string" && certificate !== authority.outs.certificate);

    const leaf = await fromState(certificateProvider, "create", {
      commonName: "pg-0",
      usage: "server",
      names: ["pg-0"],
      authorityCertificate: certificate,
      authorityPrivateKey: privateKey,
      validityHours: 1,
      renewBeforeHours: 0.5,
      rotation: "",
    });
    assert.ok(isRecord(leaf) && isRecord(leaf["outs"]));
    const issued = leaf["outs"]["certificate"];
    assert.ok(typeof issued === "string");
    assert.ok(new X509Certificate(issued).verify(new X509Certificate(certificate).publicKey));

    const revocations = await fromState(revocationsProvider, "create", {
      authorityCertificate: certificate,
      authorityPrivateKey: privateKey,
      previousAuthority: "",
      certificates: [issued],
    });
    assert.ok(isRecord(revocations) && isRecord(revocations["outs"]));
    assert.match(String(revocations["outs"]["list"]), /BEGIN X509 CRL/);
  });

  it("diff as they do before they are stored", async () => {
    const { outs } = await authorityProvider.create(authorityInputs);
    const same = await fromState(authorityProvider, "diff", "id", outs, authorityInputs);
    assert.deepEqual(same, { changes: false });
  });
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
