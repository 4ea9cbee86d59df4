import type Docker from "dockerode";
import { buffer } from "node:stream/consumers";
import { splitFrames } from "../../../components/lib/container";

/** One attempt to log in. */
export interface Login {
  /** Node to log in to, e.g. `pg-1`. */
  readonly node: string;
  readonly user: string;
  /** Database; undefined for a replication connection. */
  readonly database: string | undefined;
  readonly password: string;
  /** PEM; undefined presents none. */
  readonly client?: { readonly certificate: string; readonly privateKey: string } | undefined;
  /** Whom the client trusts, PEM; undefined is what the nodes trust. */
  readonly authority?: string;
}

/** Whether the server let it in, and what it said when not. */
export interface LoginAnswer {
  readonly accepted: boolean;
  readonly text: string;
}

/**
 * The files come over standard input, one a line (name, base64), and lie in the container's memory while psql
 * runs: no secret is in an argument, an environment or on a disk.
 */
const SCRIPT = `
umask 077
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && cd "$folder" || exit 1
while read -r name content; do
  [ "$name" = end ] && break
  printf %s "$content" | base64 -d > "$name"
done
psql -X -q -A -t -d "$1" -c "$2" < /dev/null
`;

/** What a server or libpq says when it wants no connection, as opposed to having none. */
const REFUSAL = /FATAL|SSL error|certificate/;

/** libpq's connection string; every value here is the program's own and needs no quotes. */
function conninfo({ node, user, database, client, authority }: Login): string {
  const parts = {
    host: node,
    user,
    ...(database === undefined ? { replication: "true" } : { dbname: database }),
    passfile: "passfile",
    sslmode: "verify-full",
    sslrootcert: authority === undefined ? "/etc/sav3/ca.crt" : "authority",
    ...(client === undefined ? {} : { sslcert: "certificate", sslkey: "key" }),
    connect_timeout: "10",
  };
  return Object.entries(parts)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");
}

/**
 * Tries to log in from inside a node's container, so that it works the same wherever the engine is.
 *
 * @throws when the attempt could not be made, which is neither acceptance nor refusal
 */
export async function logIn(from: Docker.Container, login: Login): Promise<LoginAnswer> {
  const escaped = login.password.replace(/[\\:]/g, "\\$&");
  const files = {
    passfile: `*:*:*:*:${escaped}\n`,
    ...(login.client && { certificate: login.client.certificate, key: login.client.privateKey }),
    ...(login.authority !== undefined && { authority: login.authority }),
  };
  const lines = Object.entries(files).map(
    ([name, content]) => `${name} ${Buffer.from(content).toString("base64")}\n`,
  );
  const question = login.database === undefined ? "IDENTIFY_SYSTEM" : "select 'accepted'";
  const exec = await from.exec({
    Cmd: ["sh", "-c", SCRIPT, "login", conninfo(login), question],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  stream.end(`${lines.join("")}end .\n`);
  const { stdout, stderr } = splitFrames(await buffer(stream));
  const { ExitCode } = await exec.inspect();
  const text = stderr.toString().trim();
  if (ExitCode === 0 && stdout.length > 0) return { accepted: true, text: "" };
  if (/Connection refused|could not translate|timeout expired|starting up/.test(text)) {
    throw new Error(`${login.node} could not be asked as ${login.user}: ${text}`);
  }
  if (!REFUSAL.test(text)) {
    throw new Error(`psql in the container of ${login.node} failed: ${text || String(ExitCode)}`);
  }
  return { accepted: false, text: reason(text) };
}

/** The line of psql's message that says why, without the address before it. */
function reason(text: string): string {
  const line = text.split("\n").find((candidate) => REFUSAL.test(candidate)) ?? text;
  return line.replace(/^.* failed: /, "");
}
