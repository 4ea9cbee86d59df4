import { isRecord } from "./values";

/** The exchangeable secrets of a stack as its state holds them. */
export interface StackSecrets {
  /** Generated passwords by role; one that the user gives in the configuration is not among them. */
  readonly passwords: Readonly<Partial<Record<PasswordRole, string>>>;
  readonly authority: AuthoritySecrets;
  /** Leaf certificates by owner: `pg-0`.., `pgbouncer`, `replicator`, `sav3_gate`, `sav3_pooler`. */
  readonly certificates: Readonly<Record<string, CertificateSecrets>>;
  /** Serial numbers that are refused. */
  readonly revoked: readonly string[];
}

export type PasswordRole = "postgres" | "replicator" | "owner" | "gate" | "pooler";

export interface CertificateSecrets {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface AuthoritySecrets extends CertificateSecrets {
  /** Certificate of the authority before while it is still trusted, otherwise empty. */
  readonly previous: string;
  /** True when the user gave it (`tls.ca`). */
  readonly own: boolean;
}

const passwordRoles: readonly PasswordRole[] = [
  "postgres",
  "replicator",
  "owner",
  "gate",
  "pooler",
];

/** How an exported state marks a secret; its value follows as JSON text. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** Reads them out of `pulumi stack export --show-secrets`. */
export function secretsIn(exported: unknown): StackSecrets {
  const outputs = resourceOutputs(exported);
  const text = (resource: string, key: string) => plain(outputs.get(resource)?.[key]);
  const string = (resource: string, key: string): string => {
    const value = text(resource, key);
    return typeof value === "string" ? value : "";
  };
  const passwords = passwordRoles.flatMap((role) => {
    const value = string(`credentials-${role}`, "result");
    return value === "" ? [] : [[role, value] as const];
  });
  const certificates = [...outputs.keys()]
    .filter((name) => name.startsWith("tls-") && outputs.get(name)?.["commonName"] !== undefined)
    .map((name) => {
      const certificate = string(name, "certificate");
      const privateKey = string(name, "privateKey");
      return [name.slice("tls-".length), { certificate, privateKey }] as const;
    });
  const revoked = text("tls-revocations", "revoked");
  return {
    passwords: Object.fromEntries(passwords),
    authority: {
      certificate: string("tls-authority", "certificate"),
      privateKey: string("tls-authority", "privateKey"),
      previous: string("tls-authority", "previous"),
      own: string("tls-authority", "ownCertificate") !== "",
    },
    certificates: Object.fromEntries(certificates),
    revoked: (Array.isArray(revoked) ? revoked : []).flatMap((entry: unknown) =>
      isRecord(entry) && typeof entry["serial"] === "string" ? [entry["serial"]] : [],
    ),
  };
}

/** Outputs by logical name without the cluster's own name in front: `credentials-gate`, `tls-pg-0`. */
function resourceOutputs(exported: unknown): Map<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  const deployment = isRecord(exported) ? exported["deployment"] : undefined;
  const resources = isRecord(deployment) ? deployment["resources"] : undefined;
  for (const resource of Array.isArray(resources) ? (resources as unknown[]) : []) {
    if (!isRecord(resource) || resource["delete"] === true) continue;
    const { urn, outputs } = resource;
    const name = typeof urn === "string" ? /-((?:credentials|tls)-.+)$/.exec(urn)?.[1] : undefined;
    if (name !== undefined && isRecord(outputs)) found.set(name, outputs);
  }
  return found;
}

/** A value without its mark of a secret. */
function plain(value: unknown): unknown {
  if (isRecord(value) && SECRET_MARK in value && typeof value["plaintext"] === "string") {
    return JSON.parse(value["plaintext"]);
  }
  return value;
}
