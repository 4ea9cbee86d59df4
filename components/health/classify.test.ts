import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causeInLog, classifyError, refusalInLog } from "./classify";

const errors: readonly [string, string, string][] = [
  ["57P03", "the database system is starting up", "starting"],
  ["28P01", 'password authentication failed for user "sav3_gate"', "authentication"],
  ["28000", "pg_hba.conf rejects connection", "authentication"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain", "certificate"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "Hostname/IP does not match certificate's altnames",
    "certificate",
  ],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "tlsv1 alert unknown ca", "certificate"],
  ["", "The server does not support SSL connections", "protocol"],
  ["", "There was an error establishing an SSL connection", "protocol"],
  ["EPROTO", "wrong version number", "protocol"],
  ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:5432", "refused"],
  ["", "Connection terminated unexpectedly", "dropped"],
  ["ECONNRESET", "read ECONNRESET", "dropped"],
  ["", "timeout expired", "timeout"],
  ["42P01", 'relation "sav3.gate" does not exist', "other"],
];

describe("classifyError", () => {
  for (const [code, text, kind] of errors) {
    it(`${code || text} is ${kind}`, () => {
      assert.deepEqual(classifyError(Object.assign(new Error(text), { code })), { kind, text });
    });
  }
});

describe("the log of a node", () => {
  it("gives the newest reason", () => {
    const log = [
      'FATAL:  replication slot "pg_1" does not exist',
      'FATAL:  password authentication failed for user "replicator"',
      "LOG:  waiting for WAL to become available at 0/3000060",
    ];
    assert.equal(causeInLog(log)?.code, "replication-password");
    assert.equal(causeInLog(log.slice(0, 1))?.code, "slot-missing");
  });

  it("gives no reason that was overcome", () => {
    assert.equal(causeInLog(["Connection refused", "sav3: seeding from the primary"]), undefined);
    assert.equal(
      causeInLog(["no pg_hba.conf entry", "started streaming WAL from primary"]),
      undefined,
    );
  });

  it("gives the entrypoint's refusal until PostgreSQL starts after it", () => {
    const refusal = "sav3: refused: the data volume holds cluster 1, the primary is cluster 2";
    assert.equal(refusalInLog([refusal, "sav3: waiting for the primary"]), refusal);
    assert.equal(refusalInLog([refusal, "LOG:  starting PostgreSQL 17.12"]), "");
  });
});
