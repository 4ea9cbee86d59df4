import * as pulumi from "@pulumi/pulumi";
import {
  createRevocationList,
  endOf,
  isSameAuthority,
  maySignLists,
  serialOf,
  type Revoked,
} from "./x509";

interface RevocationsInputs {
  readonly authorityCertificate: string;
  readonly authorityPrivateKey: string;
  /** Certificate of the authority before while it is still trusted, otherwise empty. */
  readonly previousAuthority: string;
  /** The certificates in use. One that leaves this list is revoked. */
  readonly certificates: readonly string[];
}

/** A certificate that was issued and has not run out. */
interface Issued {
  readonly serial: string;
  readonly notAfter: string;
}

interface RevocationsState extends RevocationsInputs {
  readonly issued: readonly Issued[];
  readonly revoked: readonly (Revoked & Issued)[];
  /** This authority's list, PEM; empty when it may not sign lists. */
  readonly own: string;
  /** Last list of the authority before while that is still trusted. */
  readonly before: string;
  /** What verifiers load: both. */
  readonly list: string;
}

function issuedFrom(certificates: readonly string[]): Issued[] {
  return certificates.map((pem) => ({ serial: serialOf(pem), notAfter: endOf(pem) }));
}

/** What is revoked now: what was, and what is no longer in use, less what has run out anyway. */
export function revokedNow(
  issuedBefore: readonly Issued[],
  revokedBefore: readonly (Revoked & Issued)[],
  issued: readonly Issued[],
  now: Date,
): (Revoked & Issued)[] {
  const inUse = new Set(issued.map(({ serial }) => serial));
  const left = issuedBefore
    .filter(({ serial }) => !inUse.has(serial))
    .map((one) => ({ ...one, at: now.toISOString() }));
  return [...revokedBefore, ...left].filter(({ notAfter }) => Date.parse(notAfter) > now.getTime());
}

async function build(
  inputs: RevocationsInputs,
  revoked: readonly (Revoked & Issued)[],
  before: string,
): Promise<RevocationsState> {
  const issued = issuedFrom(inputs.certificates);
  if (!maySignLists(inputs.authorityCertificate)) {
    return { ...inputs, issued, revoked: [], own: "", before: "", list: "" };
  }
  const authority = {
    certificate: inputs.authorityCertificate,
    privateKey: inputs.authorityPrivateKey,
  };
  const own = await createRevocationList(authority, revoked, new Date());
  return { ...inputs, issued, revoked, own, before, list: own + before };
}

async function create(inputs: RevocationsInputs): Promise<{ id: string; outs: RevocationsState }> {
  return { id: "revocations", outs: await build(inputs, [], "") };
}

function key(inputs: RevocationsInputs): string {
  return JSON.stringify([
    inputs.authorityCertificate,
    inputs.authorityPrivateKey,
    inputs.previousAuthority,
    [...inputs.certificates].sort(),
  ]);
}

function diff(_id: string, olds: RevocationsState, news: RevocationsInputs) {
  return Promise.resolve({ changes: key(olds) !== key(news) });
}

async function update(
  _id: string,
  olds: RevocationsState,
  news: RevocationsInputs,
): Promise<{ outs: RevocationsState }> {
  const sameCertificate = olds.authorityCertificate === news.authorityCertificate;
  // Verifiers want a list of every authority that they trust, so the last one of the authority before stays with it;
  // also of one that was only issued again, since it may carry another key identifier than before.
  const previousList = sameCertificate ? olds.before : olds.own;
  const before = news.previousAuthority === "" ? "" : previousList;
  // What an authority revoked stays revoked when its certificate is issued again: its key still vouches for it.
  const revoked = isSameAuthority(olds.authorityCertificate, news.authorityCertificate)
    ? revokedNow(olds.issued, olds.revoked, issuedFrom(news.certificates), new Date())
    : [];
  return { outs: await build(news, revoked, before) };
}

/** The provider, for the test that runs it from its serialised form. */
export const revocationsProvider = { create, diff, update };

/** Arguments of {@link Revocations}. A change of any makes another list in place. */
export interface RevocationsArgs {
  readonly authorityCertificate: pulumi.Input<string>;
  readonly authorityPrivateKey: pulumi.Input<string>;
  readonly previousAuthority: pulumi.Input<string>;
  readonly certificates: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Certificate revocation lists. Without them a certificate that was replaced would be good until it runs out:
 * rotation would protect nobody.
 */
export class Revocations extends pulumi.dynamic.Resource {
  /** PEM, one list for every trusted authority; empty when the user's own authority may not sign lists. */
  declare readonly list: pulumi.Output<string>;

  constructor(name: string, args: RevocationsArgs, opts: pulumi.CustomResourceOptions = {}) {
    const outputs = {
      issued: undefined,
      revoked: undefined,
      own: undefined,
      before: undefined,
      list: undefined,
    };
    super(
      revocationsProvider,
      name,
      { ...outputs, ...args },
      { ...opts, additionalSecretOutputs: ["authorityPrivateKey"] },
      "sav3",
      "Revocations",
    );
  }
}
