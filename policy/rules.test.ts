import assert from "node:assert/strict";
import { test } from "node:test";
import { BUILT_IMAGE, CONTAINER, PULLED_IMAGE, violations, type PolicyResource } from "./resource";
import { rules } from "./rules";

/** A container that passes every rule. */
const good = {
  image: "sav3-postgres/node:0123456789abcdef",
  user: "999:999",
  envs: ["LANG=C.UTF-8"],
  ports: [{ internal: 5432, external: 5432, ip: "127.0.0.1" }],
  memory: 512,
  memorySwap: 512,
  logOpts: { "max-size": "10m" },
  destroyGraceSeconds: 60,
  stopTimeout: 60,
  stopSignal: "SIGINT",
  capabilities: { drops: ["ALL"] },
  securityOpts: ["no-new-privileges"],
  readOnly: true,
  volumes: [{ volumeName: "data", containerPath: "/data" }],
};

function container(changes: Record<string, unknown>): PolicyResource {
  return { type: CONTAINER, name: "c", props: { ...good, ...changes } };
}

function broken(resource: PolicyResource): string[] {
  return [...new Set(violations([resource], rules).map(({ rule }) => rule))];
}

test("a hardened container passes, and other resources are nobody's business", () => {
  assert.deepEqual(broken(container({})), []);
  assert.deepEqual(broken({ type: "docker:index/network:Network", name: "n", props: {} }), []);
});

const bad: readonly (readonly [string, Record<string, unknown>])[] = [
  ["ports-need-an-address", { ports: [{ internal: 5432, external: 5432 }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "0.0.0.0" }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "::" }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "" }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "::0" }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "0:0:0:0:0:0:0:0" }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "[0::]" }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "::ffff:0.0.0.0" }] }],
  ["ports-need-an-address", { ports: [{ internal: 5432, ip: "0" }] }],
  ["ports-need-an-address", { publishAllPorts: true }],
  ["ports-need-an-address", { networkMode: "host" }],
  ["no-secrets-in-containers", { envs: ["POSTGRES_PASSWORD=x"] }],
  ["no-secrets-in-containers", { envs: ["API_KEY=x"] }],
  ["no-secrets-in-containers", { envs: ["URL=postgresql://app:geheim@pg-0/app"] }],
  ["no-secrets-in-containers", { envs: ["URL=redis://:geheim@cache"] }],
  ["no-secrets-in-containers", { envs: ["DSN=host=pg-0 password=geheim"] }],
  ["no-secrets-in-containers", { command: ["psql", "postgresql://app:geheim@pg-0/app"] }],
  ["no-secrets-in-containers", { command: ["sh", "-c", "PGPASSWORD=geheim psql"] }],
  ["no-secrets-in-containers", { entrypoints: ["run", "--api-key=geheim"] }],
  ["no-secrets-in-containers", { labels: [{ label: "app.password", value: "geheim" }] }],
  ["no-secrets-in-containers", { labels: [{ label: "app.env", value: "APP_PASSWORD=geheim" }] }],
  ["no-secrets-in-containers", { uploads: [{ file: "/a", content: "x\nDB_PASSWORD = geheim" }] }],
  ["no-secrets-in-containers", { uploads: [{ file: "/a", contentBase64: btoa("TOKEN=x") }] }],
  ["no-secrets-in-containers", { healthcheck: { tests: ["CMD-SHELL", "PGPASSWORD=x psql"] } }],
  ["images-are-pinned", { image: "debian:20300000-latest" }],
  ["images-are-pinned", { image: "debian:20300101-latest" }],
  ["images-are-pinned", { image: "debian:build20251117" }],
  ["images-are-pinned", { image: "debian:trixie-slim" }],
  ["images-are-pinned", { image: "postgres" }],
  ["images-are-pinned", { image: "postgres:17" }],
  ["containers-stop-cleanly", { destroyGraceSeconds: undefined }],
  ["containers-stop-cleanly", { stopTimeout: 1 }],
  ["containers-stop-cleanly", { stopSignal: undefined }],
  ["containers-have-limits", { memory: undefined }],
  ["containers-have-limits", { memorySwap: undefined }],
  ["containers-have-limits", { logOpts: undefined }],
  ["containers-have-no-rights", { privileged: true }],
  ["containers-have-no-rights", { capabilities: { drops: ["CAP_NET_RAW"] } }],
  ["containers-have-no-rights", { securityOpts: [] }],
  ["containers-have-no-rights", { readOnly: false }],
  ["containers-have-no-rights", { user: undefined }],
  ["containers-have-no-rights", { user: "0:0" }],
  ["containers-have-no-rights", { user: "0" }],
  ["containers-have-no-rights", { user: "00:0" }],
  ["containers-have-no-rights", { user: "999:0" }],
  ["containers-have-no-rights", { user: "root" }],
  ["containers-have-no-rights", { user: "postgres" }],
  ["containers-have-no-rights", { capabilities: { drops: ["ALL"], adds: ["SYS_ADMIN"] } }],
  ["containers-have-no-rights", { securityOpts: ["no-new-privileges:false"] }],
  ["containers-have-no-rights", { securityOpts: ["no-new-privileges", "no-new-privileges:false"] }],
  ["containers-have-no-rights", { securityOpts: ["no-new-privileges", "seccomp=unconfined"] }],
  ["containers-have-no-rights", { devices: [{ hostPath: "/dev/sda" }] }],
  ["containers-have-no-rights", { mounts: [{ type: "bind", source: "/etc", target: "/x" }] }],
  ["containers-have-no-rights", { volumes: [{ volumeName: "/etc", containerPath: "/x" }] }],
  ["containers-have-no-rights", { pidMode: "host" }],
  ["containers-have-no-rights", { volumes: [{ hostPath: "/", containerPath: "/host" }] }],
];

for (const [rule, change] of bad) {
  test(`${rule} refuses ${JSON.stringify(change)}`, () => {
    assert.deepEqual(broken(container(change)), [rule]);
  });
}

test("pinned in other ways: by digest, by id, by a dated tag", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  for (const image of [digest, `debian@${digest}`, "debian:trixie-20251117-slim"]) {
    assert.deepEqual(broken(container({ image })), [], image);
  }
});

test("an image that is built is pinned like one that runs; one that is pulled stays", () => {
  const built = (imageName: string) => ({ type: BUILT_IMAGE, name: "i", props: { imageName } });
  assert.deepEqual(broken(built("sav3-postgres/node:0123456789abcdef")), []);
  assert.deepEqual(broken(built("sav3-postgres/node:latest")), ["images-are-pinned"]);
  const pulled = (props: PolicyResource["props"]) => ({ type: PULLED_IMAGE, name: "i", props });
  assert.deepEqual(broken(pulled({ name: "debian", keepLocally: true })), []);
  assert.deepEqual(broken(pulled({ name: "debian" })), ["pulled-images-stay"]);
});

test("weak authentication is found wherever a resource carries a pg_hba.conf", () => {
  const files = (line: string) => ({
    type: "pulumi-nodejs:dynamic/sav3:ClusterSettings",
    name: "settings",
    props: { nodes: [{ files: { "pg_hba.conf": `local all all peer\n${line}\n` } }] },
  });
  for (const method of ["trust", "md5", "password", "ident", '"trust"', "MD5", "trust#x"]) {
    for (const address of ["all", "10.0.0.1 255.0.0.0"]) {
      const line = `host all all ${address} ${method}`;
      assert.deepEqual(broken(files(line)), ["no-weak-authentication"], line);
    }
  }
  assert.deepEqual(broken(files("local all all \\\n trust")), ["no-weak-authentication"]);
  assert.deepEqual(broken(files("hostssl all all all scram-sha-256")), []);
  assert.deepEqual(broken(files("  # do not trust md5 or password")), []);
});
