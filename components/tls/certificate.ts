import { X509Certificate } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { endOf, isDue, issueLeaf } from "./x509";

/** What a certificate is made from. Any change issues another in place. */
interface CertificateInputs {
  readonly commonName: string;
  readonly usage: "server" | "client";
  readonly names: readonly string[];
  readonly authorityCertificate: string;
  readonly authorityPrivateKey: string;
  readonly validityHours: number;
  /** Has no influence on the certificate itself, only on when it is renewed. */
  readonly renewBeforeHours: number;
  /** `rotation.certificates`: a new text issues a new certificate with a new key. */
  readonly rotation: string;
}

interface CertificateState extends CertificateInputs {
  readonly certificate: string;
  readonly privateKey: string;
  /** End of its validity, ISO 8601. */
  readonly notAfter: string;
}

/** The inputs that are in the certificate, as one comparable text. */
function content(inputs: CertificateInputs): string {
  const { commonName, usage, names, authorityCertificate, authorityPrivateKey, validityHours } =
    inputs;
  return JSON.stringify([
    commonName,
    usage,
    names,
    authorityCertificate,
    authorityPrivateKey,
    validityHours,
    inputs.rotation,
  ]);
}

/** Time to renew, unless the certificate already lasts as long as its authority: another would end no later. */
function renewable(olds: CertificateState, news: CertificateInputs, now: Date): boolean {
  const last = new X509Certificate(news.authorityCertificate).validTo;
  return (
    isDue(olds.notAfter, news.renewBeforeHours, now) && Date.parse(olds.notAfter) < Date.parse(last)
  );
}

async function issue(inputs: CertificateInputs): Promise<CertificateState> {
  const authority = {
    certificate: inputs.authorityCertificate,
    privateKey: inputs.authorityPrivateKey,
  };
  const pair = await issueLeaf(authority, inputs, new Date());
  return { ...inputs, ...pair, notAfter: endOf(pair.certificate) };
}

async function create(inputs: CertificateInputs): Promise<{ id: string; outs: CertificateState }> {
  return { id: `${inputs.usage}-${inputs.commonName}`, outs: await issue(inputs) };
}

/** Never throws: an authority that is still a placeholder (a preview) differs before it would be parsed. */
function diff(_id: string, olds: CertificateState, news: CertificateInputs) {
  const changes =
    content(olds) !== content(news) ||
    olds.renewBeforeHours !== news.renewBeforeHours ||
    renewable(olds, news, new Date());
  return Promise.resolve({ changes });
}

async function update(
  _id: string,
  olds: CertificateState,
  news: CertificateInputs,
): Promise<{ outs: CertificateState }> {
  if (content(olds) !== content(news) || renewable(olds, news, new Date())) {
    return { outs: await issue(news) };
  }
  return { outs: { ...olds, ...news } };
}

/** The provider, for the test that runs it from its serialised form. */
export const certificateProvider = { create, diff, update };

/** Arguments of {@link Certificate}. A change of any but `renewBeforeHours` issues another certificate in place. */
export interface CertificateArgs {
  /** Node or database role, e.g. `pg-0`, `replicator`. */
  readonly commonName: pulumi.Input<string>;
  readonly usage: pulumi.Input<"server" | "client">;
  /** DNS names and addresses, e.g. `["pg-0", "localhost", "127.0.0.1"]`; `[]` for a client. */
  readonly names: pulumi.Input<readonly string[]>;
  readonly authorityCertificate: pulumi.Input<string>;
  readonly authorityPrivateKey: pulumi.Input<string>;
  readonly validityHours: pulumi.Input<number>;
  readonly renewBeforeHours: pulumi.Input<number>;
  readonly rotation: pulumi.Input<string>;
}

/** A certificate of a server or client. The first `up` inside its renewal window issues the next one in place. */
export class Certificate extends pulumi.dynamic.Resource {
  /** PEM: the certificate, then its issuers below the root. */
  declare readonly certificate: pulumi.Output<string>;
  /** PEM, PKCS #8. */
  declare readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, opts: pulumi.CustomResourceOptions = {}) {
    super(
      certificateProvider,
      name,
      { certificate: undefined, privateKey: undefined, notAfter: undefined, ...args },
      { ...opts, additionalSecretOutputs: ["privateKey", "authorityPrivateKey"] },
      "sav3",
      "Certificate",
    );
  }
}
