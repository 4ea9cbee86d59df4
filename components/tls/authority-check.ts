import { X509Certificate, createPrivateKey } from "node:crypto";

/**
 * What keeps a certificate and key of the user's own from being the cluster's authority; empty when nothing does.
 * The certificate may be followed by its issuers, up to a self-signed one: libpq accepts no chain that ends before.
 * No fault quotes the key.
 */
export function checkAuthority(
  certificatePem: string,
  privateKeyPem: string,
  now = new Date(),
): string[] {
  const chain = parseChain(certificatePem);
  const [certificate] = chain ?? [];
  if (chain === undefined || certificate === undefined) {
    return [
      "certificate: not a PEM certificate; give the text of the file, -----BEGIN CERTIFICATE----- first",
    ];
  }
  return [
    ...checkCertificate(certificate, now),
    ...checkChain(chain),
    ...checkKey(certificate, privateKeyPem),
  ];
}

/** A warning when the user's own authority ends before a certificate issued now would; nothing renews it by itself. */
export function endsWithin(
  certificatePem: string | undefined,
  validityHours: number,
  now: Date,
): string | undefined {
  const ends = (parseChain(certificatePem ?? "") ?? []).map(({ validTo }) => Date.parse(validTo));
  const first = Math.min(...ends);
  if (first - now.getTime() >= validityHours * 3_600_000) return undefined;
  return (
    `tls.ca: it ends on ${new Date(first).toISOString()}, before certificates issued now would ` +
    `(tls.validityHours: ${validityHours}), and every certificate ends with it; set another certificate and privateKey ` +
    "in tls.ca, then: npm run rotate -- authority"
  );
}

function parseChain(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function checkCertificate(certificate: X509Certificate, now: Date): string[] {
  const faults: string[] = [];
  if (!certificate.ca) {
    faults.push("certificate: it is no authority's (basicConstraints CA:TRUE is missing)");
  }
  if (Date.parse(certificate.validTo) <= now.getTime()) {
    faults.push(`certificate: expired on ${certificate.validTo}`);
  }
  if (Date.parse(certificate.validFrom) > now.getTime()) {
    faults.push(`certificate: not valid before ${certificate.validFrom}`);
  }
  return faults;
}

function checkChain(chain: readonly X509Certificate[]): string[] {
  const faults: string[] = [];
  chain.forEach((certificate, position) => {
    const issuer = chain[position + 1] ?? certificate;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      faults.push(
        issuer === certificate
          ? `certificate: "${oneLine(certificate.subject)}" is not self-signed; append its issuers' certificates up to the root`
          : `certificate: "${oneLine(certificate.subject)}" is not signed by the certificate after it`,
      );
    }
  });
  return faults;
}

function checkKey(certificate: X509Certificate, privateKeyPem: string): string[] {
  if (privateKeyPem.includes("ENCRYPTED")) {
    return [
      "privateKey: it is encrypted; decrypt it first (openssl pkey -in FILE), Pulumi keeps it encrypted as a secret",
    ];
  }
  let key;
  try {
    key = createPrivateKey(privateKeyPem);
  } catch {
    return ["privateKey: not a PEM private key; give the text of the file"];
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const known =
    key.asymmetricKeyType === "rsa" ||
    key.asymmetricKeyType === "ed25519" ||
    (curve !== undefined && ["prime256v1", "secp384r1", "secp521r1"].includes(curve));
  if (!known) {
    return [
      `privateKey: kind ${curve ?? key.asymmetricKeyType ?? "unknown"} is not supported; use RSA, Ed25519 or EC P-256, P-384, P-521`,
    ];
  }
  return certificate.checkPrivateKey(key)
    ? []
    : ["privateKey: it does not belong to the certificate"];
}

function oneLine(distinguishedName: string): string {
  return distinguishedName.replaceAll("\n", ", ");
}
