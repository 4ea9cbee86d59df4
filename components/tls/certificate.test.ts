import assert from "node:assert/strict";
import { createPrivateKey, webcrypto } from "node:crypto";
import { describe, it } from "node:test";
import "reflect-metadata";
import { X509Certificate, X509CertificateGenerator } from "@peculiar/x509";
import { certificateProvider } from "./certificate";
import { revocationsProvider } from "./revocations";
import { createAuthority, randomSerial, serialOf } from "./x509";

async function inputs(authorityHours = 100) {
  const authority = await createAuthority("test", authorityHours, new Date());
  return {
    commonName: "pg-0",
    usage: "server" as const,
    names: ["pg-0", "127.0.0.1"],
    authorityCertificate: authority.certificate,
    authorityPrivateKey: authority.privateKey,
    validityHours: 10,
    renewBeforeHours: 3,
    rotation: "",
  };
}

/** An authority's certificate once more, as its owner would have it renewed: same name and key, all else new. */
async function reissue(certificate: string, privateKey: string): Promise<string> {
  const der = createPrivateKey(privateKey).export({ type: "pkcs8", format: "der" });
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const signingKey = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  const { subjectName, publicKey, extensions } = new X509Certificate(certificate);
  const again = await X509CertificateGenerator.create(
    {
      serialNumber: randomSerial(),
      subject: subjectName,
      issuer: subjectName,
      notAfter: new Date(Date.now() + 200 * 3_600_000),
      publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions,
    },
    webcrypto,
  );
  return `${again.toString("pem")}\n`;
}

function inHours(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString();
}

describe("a certificate", () => {
  it("is left alone outside its window and renewed in place inside", async () => {
    const given = await inputs();
    const { outs } = await certificateProvider.create(given);
    assert.deepEqual(await certificateProvider.diff("id", outs, given), { changes: false });

    const old = { ...outs, notAfter: inHours(2.9) };
    assert.deepEqual(await certificateProvider.diff("id", old, given), { changes: true });
    const renewed = (await certificateProvider.update("id", old, given)).outs;
    assert.notEqual(renewed.certificate, outs.certificate);
    assert.notEqual(renewed.privateKey, outs.privateKey);
    assert.deepEqual(await certificateProvider.diff("id", renewed, given), { changes: false });
  });

  it("is issued again for every input that is in it", async () => {
    const given = await inputs();
    const other = await inputs();
    const { outs } = await certificateProvider.create(given);
    const changes = [
      { names: [...given.names, "db.example.org"] },
      { rotation: "again" },
      { validityHours: 11 },
      {
        authorityCertificate: other.authorityCertificate,
        authorityPrivateKey: other.authorityPrivateKey,
      },
    ];
    for (const change of changes) {
      const news = { ...given, ...change };
      assert.deepEqual(await certificateProvider.diff("id", outs, news), { changes: true });
      const next = (await certificateProvider.update("id", outs, news)).outs;
      assert.notEqual(next.certificate, outs.certificate);
      assert.deepEqual(await certificateProvider.diff("id", next, news), { changes: false });
    }
  });

  it("stays when only the window moves past it", async () => {
    const given = await inputs();
    const { outs } = await certificateProvider.create(given);
    const news = { ...given, renewBeforeHours: 4 };
    assert.deepEqual(await certificateProvider.diff("id", outs, news), { changes: true });
    const next = (await certificateProvider.update("id", outs, news)).outs;
    assert.equal(next.certificate, outs.certificate);
    assert.deepEqual(await certificateProvider.diff("id", next, news), { changes: false });
  });

  it("is not renewed over and over when its authority ends as early", async () => {
    const given = await inputs(2);
    const { outs } = await certificateProvider.create(given);
    assert.deepEqual(await certificateProvider.diff("id", outs, given), { changes: false });
  });

  it("does not throw on a preview's placeholder", async () => {
    const given = await inputs();
    const { outs } = await certificateProvider.create(given);
    const news = { ...given, authorityCertificate: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" };
    assert.deepEqual(await certificateProvider.diff("id", outs, news), { changes: true });
  });
});

describe("the revocation list", () => {
  async function issue(given: Awaited<ReturnType<typeof inputs>>) {
    return (await certificateProvider.create(given)).outs.certificate;
  }

  it("holds what was replaced, until that runs out, and nothing that is in use", async () => {
    const given = await inputs();
    const [a, b, c] = [await issue(given), await issue(given), await issue(given)];
    const authority = {
      authorityCertificate: given.authorityCertificate,
      authorityPrivateKey: given.authorityPrivateKey,
      previousAuthority: "",
    };
    const first = (await revocationsProvider.create({ ...authority, certificates: [a, b] })).outs;
    const news = { ...authority, certificates: [c, b] };
    assert.deepEqual(await revocationsProvider.diff("id", first, news), { changes: true });
    const second = (await revocationsProvider.update("id", first, news)).outs;
    assert.deepEqual(
      second.revoked.map(({ serial }) => serial),
      [serialOf(a)],
    );
    const reordered = { ...news, certificates: [b, c] };
    assert.deepEqual(await revocationsProvider.diff("id", second, reordered), { changes: false });

    const expired = {
      ...second,
      revoked: second.revoked.map((one) => ({ ...one, notAfter: inHours(-1) })),
    };
    const third = await revocationsProvider.update("id", expired, {
      ...authority,
      certificates: [b],
    });
    assert.deepEqual(
      third.outs.revoked.map(({ serial }) => serial),
      [serialOf(c)],
    );
  });

  it("keeps what was revoked when the authority is issued again with its key and name", async () => {
    const given = await inputs();
    const again = await reissue(given.authorityCertificate, given.authorityPrivateKey);
    assert.notEqual(again, given.authorityCertificate);
    const authority = {
      authorityCertificate: given.authorityCertificate,
      authorityPrivateKey: given.authorityPrivateKey,
      previousAuthority: "",
    };
    const [a, b, c] = [await issue(given), await issue(given), await issue(given)];
    const first = (await revocationsProvider.create({ ...authority, certificates: [a] })).outs;
    const second = (
      await revocationsProvider.update("id", first, { ...authority, certificates: [b] })
    ).outs;
    const anew = {
      ...authority,
      authorityCertificate: again,
      previousAuthority: given.authorityCertificate,
      certificates: [c],
    };
    const third = (await revocationsProvider.update("id", second, anew)).outs;
    assert.deepEqual(
      third.revoked.map(({ serial }) => serial),
      [serialOf(a), serialOf(b)],
    );
    const retired = { ...anew, previousAuthority: "" };
    const last = (await revocationsProvider.update("id", third, retired)).outs;
    assert.deepEqual(last.revoked, third.revoked);
    assert.equal(last.list, last.own);
  });

  it("of the authority before stays as long as that is trusted", async () => {
    const [old, next] = [await inputs(), await inputs()];
    const before = {
      authorityCertificate: old.authorityCertificate,
      authorityPrivateKey: old.authorityPrivateKey,
      previousAuthority: "",
      certificates: [await issue(old)],
    };
    const after = {
      authorityCertificate: next.authorityCertificate,
      authorityPrivateKey: next.authorityPrivateKey,
      previousAuthority: old.authorityCertificate,
      certificates: [await issue(next)],
    };
    const first = (await revocationsProvider.create(before)).outs;
    const both = (await revocationsProvider.update("id", first, after)).outs;
    assert.equal(both.list, both.own + first.own);
    const retired = { ...after, previousAuthority: "" };
    const last = (await revocationsProvider.update("id", both, retired)).outs;
    assert.equal(last.list, last.own);
    assert.deepEqual(last.revoked, []);
  });
});
