import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { describe, it } from "node:test";
import { checkAuthority, endsWithin } from "./authority-check";
import { createAuthority, crossSign, issueLeaf } from "./x509";

const now = new Date();

describe("a user's own authority", () => {
  it("is warned of when it, or one above it, ends before its certificates would", async () => {
    const long = await createAuthority("long", 24, now);
    const short = await createAuthority("short", 10, now);
    assert.equal(endsWithin(undefined, 10, now), undefined);
    assert.equal(endsWithin(long.certificate, 23, now), undefined);
    assert.match(endsWithin(long.certificate, 25, now) ?? "", /tls\.ca: it ends on .* 25\)/);
    assert.match(endsWithin(long.certificate + short.certificate, 11, now) ?? "", /ends on/);
  });

  it("is accepted alone and with its issuers, also with CRLF line ends", async () => {
    const root = await createAuthority("root", 24, now);
    const below = await createAuthority("below", 24, now);
    const chain = (await crossSign(below.certificate, root)) + root.certificate;
    assert.deepEqual(checkAuthority(root.certificate, root.privateKey), []);
    assert.deepEqual(checkAuthority(chain, below.privateKey), []);
    const crlf = root.certificate.replaceAll("\n", "\r\n");
    assert.deepEqual(checkAuthority(crlf, root.privateKey), []);
  });

  it("is refused with each fault by name and without quoting the key", async () => {
    const root = await createAuthority("root", 24, now);
    const below = await createAuthority("below", 24, now);
    const other = await createAuthority("other", 24, now);
    const intermediate = await crossSign(below.certificate, root);
    const request = { commonName: "x", usage: "client", names: [], validityHours: 1 } as const;
    const leaf = await issueLeaf(root, request, now);
    const past = await createAuthority("past", 1, new Date(now.getTime() - 86_400_000));
    const future = await createAuthority("future", 48, new Date(now.getTime() + 86_400_000));
    const encrypted = createPrivateKey(root.privateKey)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
      .toString();
    const cases: [RegExp, string, string][] = [
      [/not a PEM certificate/, "hello", root.privateKey],
      [/not a PEM certificate/, "", root.privateKey],
      [/CA:TRUE is missing/, leaf.certificate + root.certificate, leaf.privateKey],
      [/expired on/, past.certificate, past.privateKey],
      [/not valid before/, future.certificate, future.privateKey],
      [/not self-signed/, intermediate, below.privateKey],
      [
        /not signed by the certificate after it/,
        intermediate + other.certificate,
        below.privateKey,
      ],
      [/does not belong to the certificate/, root.certificate, other.privateKey],
      [/encrypted/, root.certificate, encrypted],
      [/not a PEM private key/, root.certificate, "hello"],
    ];
    for (const [expected, certificate, key] of cases) {
      const faults = checkAuthority(certificate, key);
      assert.equal(faults.length, 1, `${expected.source}: ${faults.join("; ")}`);
      assert.match(faults.join(), expected);
      assert.ok(!faults.join().includes(key.slice(30, 60) || "\0"));
    }
  });
});
