import * as pulumi from "@pulumi/pulumi";
import { createAuthority, crossSign, endOf, isDue, pemBlocks, type KeyPair } from "./x509";

/** Ten years, as long as nobody rotates it. */
const VALIDITY_HOURS = 87_600;

/** What the authority is made from. */
interface AuthorityInputs {
  /** Stack's name, part of a generated authority's name. */
  readonly stack: string;
  /** The user's own authority, PEM; empty for a generated one. */
  readonly ownCertificate: string;
  readonly ownPrivateKey: string;
  /** `rotation.authority`: a new text makes a new authority, both are trusted then. */
  readonly rotation: string;
  /** `rotation.retireAuthority`: with a new text the authority before is no longer trusted. */
  readonly retire: string;
  /** Validity of the certificates that it issues: it renews itself before it could not outlive one. */
  readonly leafValidityHours: number;
}

interface AuthorityState extends AuthorityInputs {
  /** Its certificate; with an own one also the issuers above it. */
  readonly certificate: string;
  readonly privateKey: string;
  /** Certificate of the authority before it while that is still trusted, otherwise empty. */
  readonly previous: string;
  /** Its certificate signed by the authority before it while that is still trusted, otherwise empty. */
  readonly crossCertificate: string;
  /** End of its validity, ISO 8601. */
  readonly notAfter: string;
}

/** Long enough that a fresh authority is never due at once, whatever the leaves' validity is. */
export function authorityValidityHours(leafValidityHours: number): number {
  return Math.max(VALIDITY_HOURS, 3 * leafValidityHours);
}

/**
 * The authority before is to go now. Only the `up` that brings the text does this, so that an authority exchanged
 * later for another reason (age, an own one renewed) gets its overlap although the old text still stands.
 */
function isRetiring(olds: AuthorityState, news: AuthorityInputs): boolean {
  return news.retire !== "" && (news.retire !== olds.retire || isWithoutOverlap(olds, news));
}

/** The same new text in both asks for another authority and for an end of the present one, at once. */
function isWithoutOverlap(olds: AuthorityState, news: AuthorityInputs): boolean {
  return (
    news.retire !== "" &&
    news.retire === news.rotation &&
    (news.retire !== olds.retire || news.rotation !== olds.rotation)
  );
}

/** A new authority is needed: asked for, replaced by the user, or too old to issue another full-length certificate. */
function needsNew(olds: AuthorityState, news: AuthorityInputs, now: Date): boolean {
  if (news.ownCertificate !== olds.ownCertificate) return true;
  if (news.ownCertificate !== "") return news.ownPrivateKey !== olds.ownPrivateKey;
  return news.rotation !== olds.rotation || isDue(olds.notAfter, news.leafValidityHours, now);
}

async function make(inputs: AuthorityInputs, now: Date): Promise<KeyPair> {
  if (inputs.ownCertificate !== "") {
    return {
      certificate: pemBlocks(inputs.ownCertificate).join(""),
      privateKey: inputs.ownPrivateKey,
    };
  }
  return createAuthority(inputs.stack, authorityValidityHours(inputs.leafValidityHours), now);
}

async function create(inputs: AuthorityInputs): Promise<{ id: string; outs: AuthorityState }> {
  const pair = await make(inputs, new Date());
  const outs = { ...inputs, ...pair, previous: "", crossCertificate: "" };
  return { id: `authority-${inputs.stack}`, outs: { ...outs, notAfter: endOf(pair.certificate) } };
}

/** Never throws: during a preview an input may be a placeholder, which only ever counts as changed. */
function diff(_id: string, olds: AuthorityState, news: AuthorityInputs) {
  const changes =
    needsNew(olds, news, new Date()) ||
    olds.stack !== news.stack ||
    olds.rotation !== news.rotation ||
    olds.retire !== news.retire ||
    olds.leafValidityHours !== news.leafValidityHours;
  return Promise.resolve({ changes });
}

async function update(
  _id: string,
  olds: AuthorityState,
  news: AuthorityInputs,
): Promise<{ outs: AuthorityState }> {
  const gone = { previous: "", crossCertificate: "" };
  const before = isRetiring(olds, news)
    ? gone
    : { previous: olds.previous, crossCertificate: olds.crossCertificate };
  if (!needsNew(olds, news, new Date())) {
    const { certificate, privateKey, notAfter } = olds;
    return { outs: { ...news, certificate, privateKey, notAfter, ...before } };
  }
  const pair = await make(news, new Date());
  const next = { ...news, ...pair, notAfter: endOf(pair.certificate) };
  if (pair.certificate === olds.certificate) return { outs: { ...next, ...before } };
  if (isWithoutOverlap(olds, news)) return { outs: { ...next, ...gone } };
  const crossCertificate = await crossSign(pair.certificate, olds);
  return { outs: { ...next, previous: olds.certificate, crossCertificate } };
}

/** The provider, for the test that runs it from its serialised form. */
export const authorityProvider = { create, diff, update };

/** Arguments of {@link Authority}. A change of any updates it in place. */
export interface AuthorityArgs {
  readonly stack: pulumi.Input<string>;
  readonly ownCertificate: pulumi.Input<string>;
  readonly ownPrivateKey: pulumi.Input<string>;
  readonly rotation: pulumi.Input<string>;
  readonly retire: pulumi.Input<string>;
  readonly leafValidityHours: pulumi.Input<number>;
}

/** The stack's certificate authority: generated and kept in the state as a secret, or the user's own. */
export class Authority extends pulumi.dynamic.Resource {
  declare readonly certificate: pulumi.Output<string>;
  declare readonly privateKey: pulumi.Output<string>;
  declare readonly previous: pulumi.Output<string>;
  declare readonly crossCertificate: pulumi.Output<string>;

  constructor(name: string, args: AuthorityArgs, opts: pulumi.CustomResourceOptions = {}) {
    const outputs = {
      certificate: undefined,
      privateKey: undefined,
      previous: undefined,
      crossCertificate: undefined,
      notAfter: undefined,
    };
    super(
      authorityProvider,
      name,
      { ...outputs, ...args, ownPrivateKey: pulumi.secret(args.ownPrivateKey) },
      { ...opts, additionalSecretOutputs: ["privateKey"] },
      "sav3",
      "Authority",
    );
  }
}
