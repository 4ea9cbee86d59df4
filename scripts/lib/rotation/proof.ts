import { X509Certificate } from "node:crypto";
import { connect } from "../../../components/lib/engine";
import { execIn } from "../../../components/lib/container";
import { GATE, POOLER, REPLICATOR, SUPERUSER } from "../../../components/postgres/roles";
import { scramVerifier } from "../../../components/postgres/scram";
import type { Connection } from "../stack";
import { passwordOf, type Rotation } from "./kinds";
import { logIn, type Login } from "./login";
import type { CertificateSecrets, StackSecrets } from "./secrets";

/** One thing that was tried after a rotation. */
export interface Proof {
  readonly node: string;
  readonly what: string;
  readonly seen: string;
  /** False: the rotation did not do what it is for. */
  readonly good: boolean;
}

/** The stack before and after the rotation, and where it is. */
export interface Comparison {
  readonly cluster: Connection;
  readonly before: StackSecrets;
  readonly after: StackSecrets;
}

/** Tries old and new credentials on every node. */
export async function prove(rotation: Rotation, comparison: Comparison): Promise<Proof[]> {
  if (rotation === "postgres-password") return proveSuperuser(comparison);
  if (passwordOf(rotation) !== undefined) return provePassword(rotation, comparison);
  const clients = await proveClients(comparison);
  const servers =
    rotation === "authority" ? await proveAuthority(comparison) : proveRevoked(comparison);
  return [...clients, ...servers];
}

type Attempt = Omit<Login, "node">;

/** Who logs in how after a rotation, with the old credential and with the new one. */
async function tryBoth(
  { cluster }: Comparison,
  what: string,
  attempts: { readonly old: Attempt; readonly new: Attempt },
): Promise<Proof[]> {
  const docker = connect(cluster.plan.dockerHost);
  const primary = cluster.plan.nodes.find(({ node }) => node === cluster.plan.primary);
  if (primary === undefined) throw new Error("the stack has no primary; next: npm run status");
  const from = docker.getContainer(primary.containerId);
  const rows = cluster.plan.nodes.map(async ({ node }) => {
    const accepted = await logIn(from, { node, ...attempts.new });
    const refused = await logIn(from, { node, ...attempts.old });
    return [
      {
        node,
        what: `new ${what}`,
        seen: accepted.accepted ? "accepted" : `refused: ${accepted.text}`,
        good: accepted.accepted,
      },
      {
        node,
        what: `old ${what}`,
        seen: refused.accepted ? "accepted" : `refused: ${refused.text}`,
        good: !refused.accepted,
      },
    ];
  });
  return (await Promise.all(rows)).flat();
}

function clientOf(secrets: StackSecrets, role: string): CertificateSecrets {
  const found = secrets.certificates[role];
  if (found === undefined) throw new Error(`the stack's state has no certificate of ${role}`);
  return found;
}

function passwordIn(secrets: StackSecrets, role: keyof StackSecrets["passwords"]): string {
  const found = secrets.passwords[role];
  if (found === undefined) throw new Error(`the stack's state has no password of ${role}`);
  return found;
}

async function provePassword(rotation: Rotation, comparison: Comparison): Promise<Proof[]> {
  const { cluster, before, after } = comparison;
  const role = passwordOf(rotation)?.role ?? "owner";
  const login = {
    owner: () => ({ user: cluster.owner, database: cluster.database }),
    gate: () => ({ user: GATE, database: "postgres", client: clientOf(after, GATE) }),
    pooler: () => ({ user: POOLER, database: "postgres", client: clientOf(after, POOLER) }),
    replicator: () => ({
      user: REPLICATOR,
      database: undefined,
      client: clientOf(after, REPLICATOR),
    }),
    postgres: () => ({ user: SUPERUSER, database: "postgres" }),
  }[role];
  const logins = login();
  return tryBoth(comparison, `password of ${logins.user}`, {
    old: { ...logins, password: passwordIn(before, role) },
    new: { ...logins, password: passwordIn(after, role) },
  });
}

/**
 * The superuser has no way in over the network by default, so a refused login would prove nothing: what counts is
 * what the servers keep to check its password with.
 */
async function proveSuperuser({ cluster, before, after }: Comparison): Promise<Proof[]> {
  const docker = connect(cluster.plan.dockerHost);
  const question = `select rolpassword from pg_authid where rolname = '${SUPERUSER}'`;
  const [fresh, stale] = [passwordIn(after, "postgres"), passwordIn(before, "postgres")];
  const rows = cluster.plan.nodes.map(async ({ node, containerId }) => {
    const psql = ["psql", "-X", "-q", "-A", "-t", "-d", "postgres", "-c", question];
    const { exitCode, stdout, stderr } = await execIn(docker.getContainer(containerId), psql, 30);
    if (exitCode !== 0) throw new Error(`${node} could not be asked: ${stderr.trim()}`);
    const verifier = stdout.trim();
    return [
      row(node, `new password of ${SUPERUSER}`, true, verifies(fresh, verifier)),
      row(node, `old password of ${SUPERUSER}`, false, verifies(stale, verifier)),
    ];
  });
  return (await Promise.all(rows)).flat();
}

function row(node: string, what: string, expected: boolean, matches: boolean): Proof {
  const seen = matches ? "matches the stored verifier" : "does not match the stored verifier";
  return { node, what, seen, good: matches === expected };
}

/** Whether a server with this verifier would accept the password. */
export function verifies(password: string, verifier: string): boolean {
  const parts = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier);
  const [, iterations, salt] = parts ?? [];
  if (iterations === undefined || salt === undefined) return false;
  return scramVerifier(password, Buffer.from(salt, "base64"), Number(iterations)) === verifier;
}

/** Client certificates, tried with the right password: only the certificate can be what is refused. */
async function proveClients(comparison: Comparison): Promise<Proof[]> {
  const { before, after } = comparison;
  const of = async (user: string, database: string | undefined, password: string) =>
    tryBoth(comparison, `certificate of ${user}`, {
      old: { user, database, password, client: clientOf(before, user) },
      new: { user, database, password, client: clientOf(after, user) },
    });
  const gate = await of(GATE, "postgres", passwordIn(after, "gate"));
  const { replicator, pooler } = after.passwords;
  return [
    ...gate,
    ...(replicator === undefined ? [] : await of(REPLICATOR, undefined, replicator)),
    // A pooler that was just turned on had no certificate before.
    ...(pooler === undefined || before.certificates[POOLER] === undefined
      ? []
      : await of(POOLER, "postgres", pooler)),
  ];
}

/** Replaced server certificates: standbys and the gate hold the list, so what is on it is refused. */
function proveRevoked({ cluster, before, after }: Comparison): Proof[] {
  return cluster.plan.nodes.flatMap(({ node }) => {
    const old = before.certificates[node];
    if (old === undefined) return [];
    const serial = new X509Certificate(old.certificate).serialNumber.toLowerCase();
    const good = after.revoked.includes(serial);
    return [
      { node, what: "old certificate of the server", seen: good ? "revoked" : "valid", good },
    ];
  });
}

/** Server certificates, seen by a client that trusts one authority only. */
async function proveAuthority(comparison: Comparison): Promise<Proof[]> {
  const { before, after } = comparison;
  const login = {
    user: GATE,
    database: "postgres",
    password: passwordIn(after, "gate"),
    client: clientOf(after, GATE),
  };
  const proofs = await tryBoth(comparison, "authority at the client", {
    old: { ...login, authority: before.authority.certificate },
    new: { ...login, authority: after.authority.certificate },
  });
  const dropped = after.authority.previous === "";
  const seen = dropped ? "no longer trusted" : "still trusted";
  return [...proofs, { node: "all", what: "old authority", seen, good: dropped }];
}
