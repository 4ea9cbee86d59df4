import assert from "node:assert/strict";
import { X509Certificate, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { isIP } from "node:net";
import { describe, it } from "node:test";
import { connect, createServer, type SecureContextOptions } from "node:tls";
import fc from "fast-check";
import {
  createAuthority,
  createRevocationList,
  crossSign,
  isDue,
  issueLeaf,
  maySignLists,
  pemBlocks,
  randomSerial,
  serialOf,
  type KeyPair,
} from "./x509";

const now = new Date();
const HOUR_MS = 3_600_000;

function server(authority: KeyPair, names: readonly string[], validityHours = 1) {
  const request = { commonName: "pg-0", usage: "server", names, validityHours } as const;
  return issueLeaf(authority, request, now);
}

function client(authority: KeyPair, commonName = "replicator") {
  const request = { commonName, usage: "client", names: [], validityHours: 1 } as const;
  return issueLeaf(authority, request, now);
}

function files({ certificate, privateKey }: KeyPair) {
  return { cert: certificate, key: privateKey };
}

/** One TLS 1.3 handshake, both sides checking: the client's common name, or why it failed. */
async function shake(
  serverSide: SecureContextOptions,
  clientSide: SecureContextOptions & { servername: string },
): Promise<string> {
  const requestCert = serverSide.ca !== undefined;
  const listener = createServer({
    ...serverSide,
    requestCert,
    // Node drops a client that it rejects without saying why; here the reason is what counts.
    rejectUnauthorized: false,
    minVersion: "TLSv1.3",
  });
  const answer = new Promise<string>((resolve) => {
    listener.on("secureConnection", (socket) => {
      if (!requestCert) resolve("anonymous");
      else if (!socket.authorized) resolve(String(socket.authorizationError));
      else resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  assert.ok(typeof address === "object" && address !== null);
  const socket = connect({ ...clientSide, host: "127.0.0.1", port: address.port });
  try {
    await once(socket, "secureConnect");
    return await answer;
  } catch (error) {
    assert.ok(error instanceof Error);
    const code = "code" in error ? String(error.code) : error.message;
    // Node's own servers send their root along; to a client of another root these two are the same fault.
    return code === "SELF_SIGNED_CERT_IN_CHAIN" ? "UNABLE_TO_VERIFY_LEAF_SIGNATURE" : code;
  } finally {
    socket.destroy();
    listener.close();
  }
}

describe("certificates in a handshake", () => {
  it("prove both sides to each other", async () => {
    const authority = await createAuthority("test", 24, now);
    const ca = authority.certificate;
    const outcome = await shake(
      { ...files(await server(authority, ["pg-0", "127.0.0.1"])), ca },
      { ...files(await client(authority)), ca, servername: "pg-0" },
    );
    assert.equal(outcome, "replicator");
  });

  it("are refused for a wrong name, a wrong authority, a wrong purpose and none at all", async () => {
    const authority = await createAuthority("test", 24, now);
    const stranger = await createAuthority("test", 24, now);
    const ca = authority.certificate;
    const pg0 = { ...files(await server(authority, ["pg-0"])), ca };
    const replicator = files(await client(authority));
    const servername = "pg-0";
    const cases: [string, SecureContextOptions, SecureContextOptions & { servername: string }][] = [
      ["ERR_TLS_CERT_ALTNAME_INVALID", pg0, { ...replicator, ca, servername: "pg-1" }],
      [
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        pg0,
        { ...replicator, ca: stranger.certificate, servername },
      ],
      ["UNABLE_TO_GET_ISSUER_CERT", pg0, { ca, servername }],
      [
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        pg0,
        { ...files(await client(stranger)), ca, servername },
      ],
      ["INVALID_PURPOSE", { ...replicator, ca }, { ...replicator, ca, servername }],
      ["INVALID_PURPOSE", pg0, { ...files(await server(authority, ["pg-0"])), ca, servername }],
    ];
    for (const [expected, serverSide, clientSide] of cases) {
      assert.equal(await shake(serverSide, clientSide), expected);
    }
  });

  it("of a new authority are accepted by who knows only the old one, through the cross-certificate", async () => {
    const old = await createAuthority("test", 24, now);
    const next = await createAuthority("test", 24, now);
    const cross = await crossSign(next.certificate, old);
    const leaf = await server(next, ["pg-0"]);
    const plain = files(leaf);
    const crossed = { ...plain, cert: leaf.certificate + cross };
    const replicator = await client(next);
    const servername = "pg-0";
    const bundle = next.certificate + old.certificate;
    const outcomes = [
      await shake(crossed, { ca: old.certificate, servername }),
      await shake(crossed, { ca: next.certificate, servername }),
      await shake(crossed, { ca: bundle, servername }),
      await shake(plain, { ca: old.certificate, servername }),
      await shake(
        { ...plain, ca: old.certificate },
        {
          cert: replicator.certificate + cross,
          key: replicator.privateKey,
          ca: bundle,
          servername,
        },
      ),
    ];
    assert.deepEqual(outcomes, [
      "anonymous",
      "anonymous",
      "anonymous",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "replicator",
    ]);
  });

  it("are refused once revoked, and only these", async () => {
    const authority = await createAuthority("test", 24, now);
    const ca = authority.certificate;
    const [replaced, current] = [await client(authority), await client(authority)];
    const revoked = [{ serial: serialOf(replaced.certificate), at: now.toISOString() }];
    const crl = await createRevocationList(authority, revoked, now);
    const pg0 = { ...files(await server(authority, ["pg-0"])), ca, crl };
    const servername = "pg-0";
    assert.equal(await shake(pg0, { ...files(replaced), ca, servername }), "CERT_REVOKED");
    assert.equal(await shake(pg0, { ...files(current), ca, servername }), "replicator");
    const replacedServer = { ...files(replaced), crl };
    assert.equal(await shake(replacedServer, { ca, crl, servername }), "CERT_REVOKED");
  });
});

describe("leaf certificates", () => {
  it("answer to exactly the names they were issued for", async () => {
    const authority = await createAuthority("test", 24, now);
    const name = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 5 }), async (names) => {
        const [absent = "", ...present] = names;
        const parsed = new X509Certificate((await server(authority, present)).certificate);
        const answers = (one: string) =>
          isIP(one) === 0 ? parsed.checkHost(one) : parsed.checkIP(one);
        for (const one of present) assert.ok(answers(one) !== undefined, one);
        assert.equal(answers(absent), undefined);
      }),
      { numRuns: 25 },
    );
  });

  it("have a P-256 key, no authority of their own and the purpose asked for", async () => {
    const authority = await createAuthority("test", 24, now);
    const leaf = new X509Certificate((await client(authority, "sav3_gate")).certificate);
    assert.equal(leaf.subject, "CN=sav3_gate");
    assert.equal(leaf.ca, false);
    assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.2"]);
    assert.ok(new X509Certificate(authority.certificate).ca);
  });

  it("never outlive their authority", async () => {
    const authority = await createAuthority("test", 2, now);
    const leaf = await server(authority, ["pg-0"], 24);
    const end = (pem: string) => new X509Certificate(pem).validTo;
    assert.equal(end(leaf.certificate), end(authority.certificate));
  });

  it("are issued by an authority with any supported kind of key", async () => {
    const keys = [
      generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
      generateKeyPairSync("ec", { namedCurve: "secp384r1" }).privateKey,
      generateKeyPairSync("ed25519").privateKey,
    ];
    const root = await createAuthority("test", 24, now);
    for (const key of keys) {
      const privateKey = key.export({ type: "pkcs8", format: "pem" }).toString();
      // The certificate is another's: what counts here is that the key signs and the signature verifies.
      const leaf = await issueLeaf(
        { certificate: root.certificate, privateKey },
        { commonName: "pg-0", usage: "server", names: ["pg-0"], validityHours: 1 },
        now,
      );
      const { publicKey } = new X509Certificate(leaf.certificate);
      assert.equal(publicKey.asymmetricKeyType, "ec");
    }
  });
});

describe("small parts", () => {
  it("serial numbers are positive, 16 bytes long and do not repeat", () => {
    const serials = Array.from({ length: 200 }, randomSerial);
    assert.equal(new Set(serials).size, serials.length);
    for (const serial of serials) assert.match(serial, /^[4-7][0-9a-f]{31}$/);
  });

  it("a certificate is due inside its window and not before", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 9_999 }),
        (valid, before) => {
          fc.pre(before < valid);
          const end = new Date(now.getTime() + valid * HOUR_MS).toISOString();
          const opens = now.getTime() + (valid - before) * HOUR_MS;
          assert.equal(isDue(end, before, new Date(opens)), true);
          assert.equal(isDue(end, before, new Date(opens - 1)), false);
        },
      ),
    );
  });

  it("PEM blocks are found in order between other text", async () => {
    const [one, two] = [await createAuthority("a", 1, now), await createAuthority("b", 1, now)];
    const text = `subject=a\r\n${one.certificate.trim()}\nsubject=b\n${two.certificate}`;
    assert.deepEqual(pemBlocks(text), [one.certificate, two.certificate]);
  });

  it("lists are signed only by a root whose key usage allows it", async () => {
    const authority = await createAuthority("test", 24, now);
    const next = await createAuthority("test", 24, now);
    assert.equal(maySignLists(authority.certificate), true);
    assert.equal(maySignLists(await crossSign(next.certificate, authority)), false);
  });
});
