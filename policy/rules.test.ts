import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTAINER, violations, type PolicyResource } from "./resource";
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
  ["ports-need-an-address", { publishAllPorts: true }],
  ["ports-need-an-address", { networkMode: "host" }],
  ["no-secrets-in-environment", { envs: ["POSTGRES_PASSWORD=x"] }],
  ["no-secrets-in-environment", { envs: ["API_KEY=x"] }],
  ["no-secrets-in-environment", { envs: ["URL=postgresql://app:geheim@pg-0/app"] }],
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

test("weak authentication is found wherever a resource carries a pg_hba.conf", () => {
  const files = (line: string) => ({
    type: "pulumi-nodejs:dynamic/sav3:ClusterSettings",
    name: "settings",
    props: { nodes: [{ files: { "pg_hba.conf": `local all all peer\n${line}\n` } }] },
  });
  for (const method of ["trust", "md5", "password", "ident"]) {
    assert.deepEqual(broken(files(`host all all all ${method}`)), ["no-weak-authentication"]);
  }
  assert.deepEqual(broken(files("hostssl all all all scram-sha-256")), []);
  assert.deepEqual(broken(files("# trust nobody with md5 here")), []);
});
