import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionIn } from "./stack";

/** A secret as `pulumi stack export --show-secrets` writes it. */
function secret(value: unknown) {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  };
}

const nodes = [
  { node: "pg-0", containerName: "x-pg-0", address: "127.0.0.1", port: 5432, slot: "" },
];
/** Outputs of the last `up` that went well. */
const outputs = {
  type: "pulumi:pulumi:Stack",
  urn: "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
  outputs: {
    connection: secret({
      dockerHost: "unix:///engine",
      primary: "pg-0",
      nodes,
      gate: { password: "old", certificate: "old", privateKey: "old" },
      ca: "old",
      crl: "old",
      database: "app",
      owner: "me",
      ownerPassword: "old",
      maxLagBytes: 7,
    }),
  },
};
/** What the gate was given in the last `up`, whether it passed or not. */
const gate = {
  type: "pulumi-nodejs:dynamic/sav3:HealthGate",
  urn: "urn:pulumi:dev::p::t::postgres-gate",
  inputs: {
    dockerHost: "unix:///engine",
    primary: "pg-0",
    nodes,
    password: secret("new"),
    certificate: "new",
    privateKey: secret("new"),
    ca: "new",
    crl: "new",
    maxLagBytes: 8,
  },
};
const owner = {
  type: "random:index/randomPassword:RandomPassword",
  urn: "urn:pulumi:dev::p::t::postgres-credentials-owner",
  outputs: { result: secret("new") },
};

function read(...resources: object[]) {
  return connectionIn({ deployment: { resources } }, "dev");
}

describe("a stack's connection", () => {
  it("is what the gate was given last, and the owner's password of now", () => {
    const found = read(outputs, gate, owner);
    assert.ok(found);
    const { password, certificate, privateKey, ca, crl, maxLagBytes } = found.plan;
    assert.deepEqual(
      [password, certificate, privateKey, ca, crl, maxLagBytes],
      ["new", "new", "new", "new", "new", 8],
    );
    assert.deepEqual([found.database, found.owner, found.ownerPassword], ["app", "me", "new"]);
    assert.equal(found.plan.nodes[0]?.containerId, "x-pg-0");
  });

  it("comes from the outputs where no resource says more", () => {
    const found = read(outputs);
    assert.deepEqual([found?.plan.password, found?.plan.ca], ["old", "old"]);
    assert.equal(found?.ownerPassword, "old", "a password of the user's own");
  });

  it("has nothing for applications before the first up came to its end", () => {
    const found = read(gate, owner);
    assert.deepEqual([found?.plan.password, found?.database], ["new", ""]);
  });

  it("is none without a cluster", () => {
    assert.equal(read(), undefined);
    assert.equal(read({ ...outputs, outputs: {} }), undefined);
    assert.equal(read({ ...gate, delete: true }), undefined);
    assert.equal(connectionIn({}, "dev"), undefined);
  });
});
