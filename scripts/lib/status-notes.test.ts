import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAuthority, issueLeaf } from "../../components/tls/x509";
import { secretsIn } from "./rotation/secrets";
import { certificateNotes } from "./status-notes";

describe("status's notes", () => {
  it("name the first end of a server certificate and a change-over under way", async () => {
    const now = new Date("2030-01-01T00:00:00Z");
    const authority = await createAuthority("test", 1000, now);
    const leaf = (commonName: string, validityHours: number) =>
      issueLeaf(authority, { commonName, usage: "server", names: [], validityHours }, now);
    const none = secretsIn({});
    assert.deepEqual(certificateNotes(none, now), []);
    const certificates = {
      "pg-0": await leaf("pg-0", 96),
      "pg-1": await leaf("pg-1", 49),
      replicator: await leaf("replicator", 1),
    };
    assert.deepEqual(certificateNotes({ ...none, certificates }, now), [
      "server certificates: the first ends on 2030-01-03 (2 days)",
    ]);
    const [note] = certificateNotes(
      { ...none, authority: { ...none.authority, previous: authority.certificate } },
      now,
    );
    assert.match(note ?? "", /two certificate authorities are trusted.*--finish/);
  });
});
