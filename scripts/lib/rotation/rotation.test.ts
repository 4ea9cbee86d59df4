import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scramVerifier } from "../../../components/postgres/scram";
import { ROTATIONS, configKey, isRotation, passwordOf } from "./kinds";
import { verifies } from "./proof";
import { secretsIn } from "./secrets";

/** A secret as `pulumi stack export --show-secrets` writes it. */
function secret(value: unknown) {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  };
}

function resource(name: string, outputs: Record<string, unknown>) {
  return { urn: `urn:pulumi:dev::sav3-postgres::some:type::postgres-${name}`, outputs };
}

describe("secrets of an exported state", () => {
  const leaf = { commonName: "pg-0", certificate: "C0", privateKey: secret("K0") };
  const resources = [
    resource("credentials-owner", { result: secret("new") }),
    { ...resource("credentials-owner", { result: secret("replaced") }), delete: true },
    resource("credentials-gate", { result: secret("g") }),
    resource("tls-pg-0", leaf),
    resource("tls-sav3_gate", { ...leaf, commonName: "sav3_gate" }),
    resource("tls-authority", {
      certificate: "CA",
      privateKey: secret("KA"),
      previous: "",
      ownCertificate: "",
    }),
    resource("tls-revocations", {
      revoked: [
        { serial: "0a", at: "" },
        { serial: "0b", at: "" },
      ],
    }),
    resource("network", { name: "x" }),
  ];

  it("are found by resource, in clear text, without those on their way out", () => {
    assert.deepEqual(secretsIn({ deployment: { resources } }), {
      passwords: { owner: "new", gate: "g" },
      authority: { certificate: "CA", privateKey: "KA", previous: "", own: false },
      certificates: {
        "pg-0": { certificate: "C0", privateKey: "K0" },
        sav3_gate: { certificate: "C0", privateKey: "K0" },
      },
      revoked: ["0a", "0b"],
    });
  });

  it("are none in a state without a cluster", () => {
    for (const empty of [{}, { deployment: {} }, { deployment: { resources: [] } }]) {
      const { passwords, authority, revoked } = secretsIn(empty);
      assert.deepEqual([passwords, authority.certificate, revoked], [{}, "", []]);
    }
  });
});

describe("rotations", () => {
  it("each set a key of their own", () => {
    assert.deepEqual(ROTATIONS.map(configKey), [
      "postgresPassword",
      "replicationPassword",
      "appPassword",
      "gatePassword",
      "poolerPassword",
      "authority",
      "certificates",
    ]);
  });

  it("are known by their exact names", () => {
    assert.ok(ROTATIONS.every((rotation) => isRotation(rotation)));
    for (const other of [undefined, "", "password", "appPassword"]) assert.ok(!isRotation(other));
    assert.equal(passwordOf("authority"), undefined);
    assert.equal(passwordOf("app-password")?.role, "owner");
  });

  it("tell a password that a stored verifier accepts from any other", () => {
    const verifier = scramVerifier("right", Buffer.from("0123456789abcdef"));
    assert.ok(verifies("right", verifier));
    assert.ok(!verifies("wrong", verifier));
    assert.ok(!verifies("right", "md50123"));
    assert.ok(!verifies("right", ""));
  });
});
