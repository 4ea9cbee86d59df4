import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";

/**
 * Watches replication ten times a second over one session on the primary: how long it was ever without all its
 * replicas streaming.
 */
export class Streaming {
  private readonly child: ChildProcessWithoutNullStreams;
  private lastGood = Date.now();
  private longestMs = 0;
  private looks = 0;

  constructor(primary: string, replicas: number) {
    const psql = ["psql", "-X", "-q", "-A", "-t", "-U", "postgres"];
    this.child = spawn("docker", ["exec", "-i", primary, ...psql]);
    const count =
      "select 'streaming=' || count(*) from pg_stat_replication where state = 'streaming'";
    this.child.stdin.write(`${count} and application_name like 'pg\\_%' \\watch 0.1\n`);
    this.child.stdin.on("error", () => undefined);
    let rest = "";
    this.child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("streaming=")) continue;
        this.looks += 1;
        if (Number(line.slice("streaming=".length)) >= replicas) this.lastGood = Date.now();
        else this.longestMs = Math.max(this.longestMs, Date.now() - this.lastGood);
      }
    });
  }

  /** The longest time in milliseconds without all replicas streaming, from here on. */
  reset(): void {
    this.longestMs = 0;
    this.lastGood = Date.now();
    this.looks = 0;
  }

  /** What was seen since the last reset. */
  get seen(): { readonly longestMs: number; readonly looks: number } {
    return { longestMs: this.longestMs, looks: this.looks };
  }

  stop(): void {
    this.child.stdin.destroy();
    this.child.kill();
  }
}
