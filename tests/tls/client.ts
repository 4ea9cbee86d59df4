import { exec, docker } from "../lib/docker";
import type { TestStack } from "../lib/stack";

/** What psql was given, and where it ran. */
export interface Attempt {
  /** Database role. Default: the application's. */
  readonly user?: string;
  /** Default `app`; undefined text means a replication connection. */
  readonly database?: string;
  readonly replication?: boolean;
  /** Default none. */
  readonly password?: string;
  /** Host name to connect to and to check the certificate for. Default `pg-0`. */
  readonly host?: string;
  /** Client certificate and key, PEM. Default none. */
  readonly certificate?: string;
  readonly privateKey?: string;
  /** Authority to trust, PEM. */
  readonly authority: string;
  /** More of libpq's connection parameters, such as sslmode; they win. */
  readonly more?: Readonly<Record<string, string>>;
}

/** Whether the server let it in, and everything that psql said. */
export interface Answer {
  readonly accepted: boolean;
  readonly text: string;
}

/** The files travel over standard input, so that they are on no command line. */
const script = `
umask 077; folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
while read -r name content; do printf %s "$content" | base64 -d > "$name"; done
psql -X -q -A -t -d "$1" -c "$2" < /dev/null`;

/** A container of the tests' own beside the cluster's, with psql and OpenSSL in it, and nothing of the cluster. */
export class Client {
  private constructor(
    readonly container: string,
    private readonly port: string,
  ) {}

  /**
   * Starts one.
   * @param network a network's name, or `host`
   * @param port where the server listens as seen from there
   */
  static async start(stack: TestStack, network: string, port = "5432"): Promise<Client> {
    const { image } = await stack.facts(0);
    const name = `${stack.prefix}-client-${network === "host" ? "host" : "net"}`;
    const options = ["--detach", "--rm", "--name", name, "--network", network];
    const label = ["--label", `sav3.stack=${stack.name}`];
    await docker("run", ...options, ...label, "--entrypoint", "sleep", image, "infinity");
    return new Client(name, port);
  }

  /** One connection attempt with `sslmode=verify-full` unless told otherwise. */
  async connect(attempt: Attempt): Promise<Answer> {
    const { user = "app", database = "app", host = "pg-0", password, replication } = attempt;
    const parameters = {
      host,
      port: this.port,
      user,
      ...(replication === true ? { replication: "true" } : { dbname: database }),
      ...(password === undefined ? {} : { passfile: "passfile" }),
      sslmode: "verify-full",
      sslrootcert: "authority",
      ...(attempt.certificate === undefined ? {} : { sslcert: "certificate", sslkey: "key" }),
      connect_timeout: "5",
      ...attempt.more,
    };
    const files = {
      authority: attempt.authority,
      passfile: password === undefined ? undefined : `*:*:*:*:${password}\n`,
      certificate: attempt.certificate,
      key: attempt.privateKey,
    };
    const input = Object.entries(files)
      .flatMap(([name, text]) =>
        text === undefined ? [] : [`${name} ${Buffer.from(text).toString("base64")}\n`],
      )
      .join("");
    const conninfo = Object.entries(parameters)
      .map(([key, value]) => `${key}=${value}`)
      .join(" ");
    const question = replication === true ? "IDENTIFY_SYSTEM" : "select 'accepted'";
    const finished = await exec(this.container, ["sh", "-c", script, "sh", conninfo, question], {
      input,
    });
    return { accepted: finished.code === 0 && finished.stdout !== "", text: finished.text };
  }
}
