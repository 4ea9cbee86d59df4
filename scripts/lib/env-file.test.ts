import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectionVariables, withVariables } from "./env-file";
import { secretsIn } from "./rotation/secrets";
import type { Connection } from "./stack";

const connection: Connection = {
  stack: "dev",
  database: "app",
  owner: "app",
  secrets: secretsIn({}),
  ownerPassword: "p@ss word'&",
  plan: {
    dockerHost: "",
    nodes: [0, 1, 2].map((index) => ({
      node: `pg-${index}`,
      containerId: "",
      containerName: "",
      address: "0.0.0.0",
      port: 5432 + index,
      slot: "",
    })),
    primary: "pg-0",
    password: "gate-secret",
    certificate: "",
    privateKey: "",
    ca: "",
    crl: "list",
    maxLagBytes: 0,
  },
};
const variables = connectionVariables(connection, "/home/me/ca.crt", "/home/me/ca.crl");

describe("npm run env", () => {
  it("writes URIs that parse back to the settings, verified, and every replica", () => {
    const url = new URL(variables["DATABASE_URL"] ?? "");
    assert.equal(decodeURIComponent(url.password), connection.ownerPassword);
    assert.equal(url.host, "127.0.0.1:5432");
    assert.equal(url.searchParams.get("sslmode"), "verify-full");
    assert.equal(new URL(variables["DATABASE_REPLICA_URL"] ?? "").port, "5433");
    assert.equal(new URL(variables["DATABASE_REPLICA_URL_2"] ?? "").port, "5434");
    const jdbc = new URL((variables["JDBC_DATABASE_URL"] ?? "").replace(/^jdbc:/, ""));
    assert.equal(jdbc.searchParams.get("password"), connection.ownerPassword);
    assert.doesNotMatch(JSON.stringify(variables), /gate-secret/);
  });

  it("names the revocation lists only when there are any", () => {
    assert.equal(variables["PGSSLCRL"], "/home/me/ca.crl");
    const without = { ...connection, plan: { ...connection.plan, crl: "" } };
    assert.ok(!("PGSSLCRL" in connectionVariables(without, "ca.crt", "ca.crl")));
  });

  it("replaces its own lines only", () => {
    const once = withVariables("MINE=1\n", variables);
    assert.match(once, /^MINE=1\n\n# sav3-postgres: begin\nPGHOST=127\.0\.0\.1\n/);
    assert.match(once, /\nPGPASSWORD="p@ss word'&"\n/);
    assert.equal(withVariables(once, variables), once);
    const after = withVariables(`${once}ALSO_MINE=2\n`, { PGHOST: "other" });
    assert.equal(
      after,
      "MINE=1\n\n# sav3-postgres: begin\nPGHOST=other\n# sav3-postgres: end\nALSO_MINE=2\n",
    );
  });
});
