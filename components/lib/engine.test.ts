import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { engineAddress, engineIsLocal } from "./engine";

const home = mkdtempSync(join(tmpdir(), "sav3-engine-"));
after(() => {
  rmSync(home, { recursive: true, force: true });
});
const contexts = join(home, ".docker/contexts/meta");
const id = createHash("sha256").update("colima").digest("hex");
mkdirSync(join(contexts, id), { recursive: true });
writeFileSync(
  join(contexts, id, "meta.json"),
  JSON.stringify({ Endpoints: { docker: { Host: "unix:///home/me/.colima/docker.sock" } } }),
);
writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ currentContext: "colima" }));

const look = (env: Record<string, string>, platform = "linux") => ({ env, home, platform });

describe("engineAddress", () => {
  it("takes the configured one first, then DOCKER_HOST, then the current context", () => {
    const env = { DOCKER_HOST: "tcp://build:2375" };
    assert.equal(engineAddress("ssh://me@far", look(env)), "ssh://me@far");
    assert.equal(engineAddress(undefined, look(env)), "tcp://build:2375");
    assert.equal(engineAddress(undefined, look({})), "unix:///home/me/.colima/docker.sock");
  });

  it("uses the platform's own for the default context and names a context it does not know", () => {
    const env = { DOCKER_CONTEXT: "default" };
    assert.match(engineAddress(undefined, look(env)), /^unix:\/\/.*docker\.sock$/);
    assert.equal(engineAddress(undefined, look(env, "win32")), "npipe:////./pipe/docker_engine");
    assert.throws(
      () => engineAddress(undefined, look({ DOCKER_CONTEXT: "gone" })),
      /"gone".*dockerHost/,
    );
  });
});

describe("engineIsLocal", () => {
  it("knows where published ports are this machine's", () => {
    for (const address of [
      "unix:///var/run/docker.sock",
      "tcp://127.0.0.1:2375",
      "tcp://[::1]:2375",
    ]) {
      assert.ok(engineIsLocal(address), address);
    }
    for (const address of ["ssh://me@far", "tcp://10.0.0.1:2376"]) {
      assert.ok(!engineIsLocal(address), address);
    }
  });
});
