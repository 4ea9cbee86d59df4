import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** What a finished command left behind. */
export interface Finished {
  /** Exit code; 128 + signal number is not computed, a killed process has null. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order of arrival. */
  readonly text: string;
  readonly seconds: number;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Seconds after which it is killed and counts as failed. Default 300. */
  readonly timeoutSeconds?: number;
  /** Text for standard input; without it, standard input is empty. */
  readonly input?: string;
  /** SIGKILL to the whole process group after so many milliseconds, on purpose. */
  readonly killAfterMs?: number;
}

const running = new Set<ChildProcess>();

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}

/** Ends every command still running; for the end of a test file. */
export function killRunning(): void {
  for (const child of running) killGroup(child);
}

/** Runs a program in a process group of its own and collects what it prints. */
export async function run(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  const started = Date.now();
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  running.add(child);
  const parts = { stdout: "", stderr: "", text: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    parts.stdout += chunk;
    parts.text += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    parts.stderr += chunk;
    parts.text += chunk;
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const seconds = options.timeoutSeconds ?? 300;
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
    killGroup(child);
  }, seconds * 1000);
  const planned =
    options.killAfterMs === undefined
      ? undefined
      : setTimeout(() => {
          killGroup(child);
        }, options.killAfterMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      // Not "close": a killed command's orphans may hold the pipes open.
      child.once("exit", (exitCode) => {
        const drained = new Promise((closed) => child.once("close", closed));
        void Promise.race([drained, sleep(1000)]).then(() => {
          resolve(exitCode);
        });
      });
    });
    if (deadline.signal.aborted) {
      throw new Error(`${file} ${args.join(" ")}: killed after ${seconds} s\n${parts.text}`);
    }
    return { ...parts, code, seconds: (Date.now() - started) / 1000 };
  } finally {
    clearTimeout(timer);
    clearTimeout(planned);
    running.delete(child);
  }
}

/** Like run, but anything but exit code 0 is an error that shows what was printed. */
export async function must(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  const finished = await run(file, args, options);
  if (finished.code !== 0) {
    throw new Error(`${file} ${args.join(" ")}: exit ${String(finished.code)}\n${finished.text}`);
  }
  return finished;
}
