import {
  X509Certificate as ParsedCertificate,
  createPrivateKey,
  randomBytes,
  webcrypto,
} from "node:crypto";
import { isIP } from "node:net";
import "reflect-metadata";
// Again as a value: a closure can capture it, and in this form closure serialisation knows it as a module.
// eslint-disable-next-line @typescript-eslint/no-require-imports
import reflectMetadata = require("reflect-metadata");
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509CrlGenerator,
  X509CrlReason,
  type PublicKeyType,
} from "@peculiar/x509";

/** A certificate (PEM, with whatever chain belongs to it) and its private key (PEM, PKCS #8). */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** What a leaf certificate is for. */
export interface LeafRequest {
  /** Common name: the node, or the database role of a client. */
  readonly commonName: string;
  readonly usage: "server" | "client";
  /** DNS names and addresses that the certificate answers to; none for a client. */
  readonly names: readonly string[];
  readonly validityHours: number;
}

/** A certificate that is refused from now on. */
export interface Revoked {
  /** Serial number, hexadecimal. */
  readonly serial: string;
  /** When it was replaced, ISO 8601. */
  readonly at: string;
}

/** Clocks of this machine and the engine's differ: certificates are valid a little before they are made. */
const BACKDATE_MS = 5 * 60_000;

/**
 * The library behind one function: these closures run from the state file, where this function is what loads
 * both packages, the metadata polyfill before the library that cannot load without it.
 */
function library() {
  return {
    polyfill: reflectMetadata,
    AuthorityKeyIdentifierExtension,
    BasicConstraintsExtension,
    ExtendedKeyUsage,
    ExtendedKeyUsageExtension,
    Extension,
    KeyUsageFlags,
    KeyUsagesExtension,
    SubjectAlternativeNameExtension,
    SubjectKeyIdentifierExtension,
    X509Certificate,
    X509CertificateGenerator,
    X509CrlGenerator,
    X509CrlReason,
  };
}

/** 127 random bits: positive, never shorter than 16 bytes, no counter to keep. */
export function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString("hex");
}

/** Serial number of a certificate as certificates and lists print it: hexadecimal, lower case. */
export function serialOf(certificate: string): string {
  return new ParsedCertificate(certificate).serialNumber.toLowerCase();
}

/** End of a certificate's validity, ISO 8601. */
export function endOf(certificate: string): string {
  return new Date(new ParsedCertificate(certificate).validTo).toISOString();
}

/** Whether two certificates are of one authority: of the same name and key, whatever else was issued anew. */
export function isSameAuthority(one: string, other: string): boolean {
  const [a, b] = [new ParsedCertificate(one), new ParsedCertificate(other)];
  return a.subject === b.subject && a.publicKey.equals(b.publicKey);
}

/** The PEM blocks of a text, in order. */
export function pemBlocks(text: string): string[] {
  return (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (block) => `${block}\n`,
  );
}

/** The certificate that signs, of a text that may hold its issuers too. */
function issuerOf(chain: string): X509Certificate {
  const x509 = library();
  return new x509.X509Certificate(pemBlocks(chain)[0] ?? chain);
}

/** What a server sends after its own certificate: the chain without its self-signed end. */
export function intermediates(chain: string): string {
  return pemBlocks(chain)
    .filter((block) => {
      const { subject, issuer } = new ParsedCertificate(block);
      return subject !== issuer;
    })
    .join("");
}

/** True when the instant is within `renewBeforeHours` of the end, or past it. */
export function isDue(end: string, renewBeforeHours: number, now: Date): boolean {
  return now.getTime() >= Date.parse(end) - renewBeforeHours * 3_600_000;
}

/** How WebCrypto names the kind of key in a PEM file. */
function algorithmOf(privateKeyPem: string) {
  const key = createPrivateKey(privateKeyPem);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  if (key.asymmetricKeyType === "ed25519") return { name: "Ed25519" };
  if (curve === "secp384r1") return { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
  if (curve === "secp521r1") return { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" };
  return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
}

/** The authority's key, ready to sign. */
async function signingKey(privateKeyPem: string) {
  const algorithm = algorithmOf(privateKeyPem);
  const der = createPrivateKey(privateKeyPem).export({ type: "pkcs8", format: "der" });
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  return { key, algorithm };
}

async function newKeyPair() {
  const keys = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  const pem = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return { keys, privateKey: pem.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** The authority's own identifier, copied: one made anew need not be the one that it carries. */
async function issuerIdentifier(issuer: X509Certificate) {
  const x509 = library();
  const own = issuer.getExtension(x509.SubjectKeyIdentifierExtension);
  return own === null
    ? x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto)
    : new x509.AuthorityKeyIdentifierExtension(own.keyId);
}

/** Extensions of every authority made here. No path length: a successor is signed for the change-over. */
async function authorityExtensions(publicKey: PublicKeyType) {
  const x509 = library();
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
  ];
}

/**
 * Makes a certificate authority. Its name carries a random part: two authorities of one name would leave it to
 * luck which of them a verifier tries.
 */
export async function createAuthority(
  stack: string,
  validityHours: number,
  now: Date,
): Promise<KeyPair> {
  const x509 = library();
  const { keys, privateKey } = await newKeyPair();
  const name = [
    { CN: [`sav3-postgres ${stack} CA ${randomBytes(4).toString("hex")}`] },
    { O: ["sav3-postgres"] },
  ];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: randomSerial(),
      name,
      keys,
      notBefore: new Date(now.getTime() - BACKDATE_MS),
      notAfter: new Date(now.getTime() + validityHours * 3_600_000),
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions: await authorityExtensions(keys.publicKey),
    },
    webcrypto,
  );
  return { certificate: `${certificate.toString("pem")}\n`, privateKey };
}

/**
 * The new authority's certificate once more, signed by the one before it. Sent along by servers during a
 * change-over, it lets clients that know only the old authority verify certificates of the new one.
 */
export async function crossSign(next: string, previous: KeyPair): Promise<string> {
  const x509 = library();
  const issuer = issuerOf(previous.certificate);
  const subject = issuerOf(next);
  const { key, algorithm } = await signingKey(previous.privateKey);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: randomSerial(),
      subject: subject.subjectName,
      issuer: issuer.subjectName,
      notBefore: subject.notBefore > issuer.notBefore ? subject.notBefore : issuer.notBefore,
      notAfter: subject.notAfter < issuer.notAfter ? subject.notAfter : issuer.notAfter,
      publicKey: subject.publicKey,
      signingKey: key,
      signingAlgorithm: algorithm,
      extensions: [
        ...(await authorityExtensions(subject.publicKey)),
        await issuerIdentifier(issuer),
      ],
    },
    webcrypto,
  );
  return `${certificate.toString("pem")}\n`;
}

/** An entry of a certificate's list of names. IPv6 in its one canonical form: the library garbles the mixed ones. */
function generalName(name: string) {
  const version = isIP(name);
  if (version === 0) return { type: "dns" as const, value: name };
  const value = version === 6 ? new URL(`tcp://[${name}]`).hostname.slice(1, -1) : name;
  return { type: "ip" as const, value };
}

/** Issues a leaf certificate with a new key. It never outlives the authority. */
export async function issueLeaf(
  authority: KeyPair,
  request: LeafRequest,
  now: Date,
): Promise<KeyPair> {
  const x509 = library();
  const issuer = issuerOf(authority.certificate);
  const { keys, privateKey } = await newKeyPair();
  const { key, algorithm } = await signingKey(authority.privateKey);
  const wanted = new Date(now.getTime() + request.validityHours * 3_600_000);
  const usage =
    request.usage === "server"
      ? x509.ExtendedKeyUsage.serverAuth
      : x509.ExtendedKeyUsage.clientAuth;
  const names = request.names.map(generalName);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: randomSerial(),
      subject: [{ CN: [request.commonName] }],
      issuer: issuer.subjectName,
      notBefore: new Date(now.getTime() - BACKDATE_MS),
      notAfter: wanted < issuer.notAfter ? wanted : issuer.notAfter,
      publicKey: keys.publicKey,
      signingKey: key,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await issuerIdentifier(issuer),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    },
    webcrypto,
  );
  return {
    certificate: `${certificate.toString("pem")}\n${intermediates(authority.certificate)}`,
    privateKey,
  };
}

/** Lists of an authority that may not sign them would be refused by every verifier, so there are none. */
export function maySignLists(authority: string): boolean {
  const x509 = library();
  const issuer = issuerOf(authority);
  const usages = issuer.getExtension(x509.KeyUsagesExtension)?.usages;
  const root = issuer.subject === issuer.issuer;
  return root && (usages === undefined || (usages & x509.KeyUsageFlags.cRLSign) !== 0);
}

/**
 * The authority's list of revoked certificates, PEM. It is valid as long as the authority: a new one is made when
 * something is revoked, and one that had run out would shut everybody out.
 */
export async function createRevocationList(
  authority: KeyPair,
  revoked: readonly Revoked[],
  now: Date,
): Promise<string> {
  const x509 = library();
  const issuer = issuerOf(authority.certificate);
  const { key, algorithm } = await signingKey(authority.privateKey);
  // CRL number: RFC 5280 wants one that grows; seconds since 1970 as a DER integer of six bytes.
  const number = Buffer.alloc(8);
  number.writeUInt8(0x02, 0);
  number.writeUInt8(6, 1);
  number.writeUIntBE(Math.floor(now.getTime() / 1000) + 0x10000000000, 2, 6);
  const list = await x509.X509CrlGenerator.create(
    {
      issuer: issuer.subjectName,
      thisUpdate: new Date(now.getTime() - BACKDATE_MS),
      nextUpdate: issuer.notAfter,
      entries: revoked.map(({ serial, at }) => ({
        serialNumber: serial,
        revocationDate: new Date(at),
        reason: x509.X509CrlReason.superseded,
      })),
      signingKey: key,
      signingAlgorithm: algorithm,
      extensions: [await issuerIdentifier(issuer), new x509.Extension("2.5.29.20", false, number)],
    },
    webcrypto,
  );
  // The library heads the text "CRL", which OpenSSL passes over.
  return `${list.toString("pem").replaceAll(" CRL-----", " X509 CRL-----")}\n`;
}
