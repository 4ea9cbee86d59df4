import { run } from "./command";
import type { Address } from "./database";
import { docker } from "./docker";
import type { TestStack } from "./stack";

/** What a run of pgbench came to. */
export interface Bench {
  /** Transactions a second, connecting included where every transaction connects. */
  readonly tps: number;
  readonly failed: number;
  readonly processed: number;
  /** Exit code 0: no client gave up. */
  readonly complete: boolean;
  readonly text: string;
}

/** PostgreSQL's own load generator, in a container of the tests' own, through 127.0.0.1 of the engine's host. */
export class Pgbench {
  private constructor(
    readonly container: string,
    private readonly password: string,
  ) {}

  static async start(stack: TestStack): Promise<Pgbench> {
    const { image } = await stack.facts(0);
    const { uri, ca } = await stack.primary();
    const name = `${stack.prefix}-bench`;
    await docker(
      ...["run", "--detach", "--rm", "--name", name, "--network", "host"],
      ...["--label", `sav3.stack=${stack.name}`, "--entrypoint", "sleep", image, "infinity"],
    );
    const bench = new Pgbench(name, decodeURIComponent(new URL(uri).password));
    await bench.shell("cat > /tmp/ca.crt", ca);
    return bench;
  }

  /** Runs pgbench against an address with `sslmode=verify-full`. */
  async run(address: Address, ...args: string[]): Promise<Bench> {
    const url = new URL(address.uri);
    const words = [
      `host=${url.hostname} port=${url.port} user=app dbname=app passfile=/tmp/pass`,
      "sslmode=verify-full sslrootcert=/tmp/ca.crt connect_timeout=20",
    ].join(" ");
    // The login comes over standard input, so that it is on no command line.
    const script = `umask 077; cat > /tmp/pass; exec pgbench ${args.join(" ")} "${words}" 2>&1`;
    const { text, code } = await this.shell(script, `*:*:*:*:${this.password}\n`);
    const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? NaN);
    return {
      tps: number(/^tps = ([\d.]+)/m),
      failed: number(/^number of failed transactions: (\d+)/m),
      processed: number(/actually processed: (\d+)/),
      complete: code === 0,
      text,
    };
  }

  private async shell(script: string, input: string) {
    return run("docker", ["exec", "-i", this.container, "sh", "-c", script], { input });
  }
}
