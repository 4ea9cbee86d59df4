import { spawnSync } from "node:child_process";
import { must, run, type Finished } from "./command";

/** The docker CLI: what a user sees, and independent of the code under test. */
export async function docker(...args: string[]): Promise<string> {
  return (await must("docker", args, { timeoutSeconds: 120 })).stdout.trim();
}

/** Runs a command in a container, as the container's own user unless `user` is given. */
export async function exec(
  container: string,
  command: readonly string[],
  options: { readonly user?: string; readonly input?: string } = {},
): Promise<Finished> {
  const user = options.user === undefined ? [] : ["--user", options.user];
  const input = options.input === undefined ? {} : { input: options.input };
  return run("docker", ["exec", "-i", ...user, container, ...command], input);
}

/** SQL as superuser over the container's own socket; rows separated by lines, columns by `|`. */
export async function superuserSql(container: string, sql: string, database = "postgres") {
  const command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database];
  const finished = await exec(container, [...command, "-U", "postgres"], { input: sql });
  if (finished.code !== 0) throw new Error(`${container}: ${sql}\n${finished.text}`);
  return finished.stdout.trim();
}

/** The facts about a container that the tests compare. */
export interface ContainerFacts {
  readonly id: string;
  readonly running: boolean;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restarts: number;
  readonly startedAt: string;
  readonly image: string;
}

interface Inspected {
  readonly Id: string;
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
  };
}

/** Undefined when there is no such container. */
export async function containerFacts(name: string): Promise<ContainerFacts | undefined> {
  const finished = await run("docker", ["container", "inspect", name]);
  if (finished.code !== 0) return undefined;
  const [seen] = JSON.parse(finished.stdout) as Inspected[];
  if (seen === undefined) return undefined;
  return {
    id: seen.Id,
    running: seen.State.Running,
    exitCode: seen.State.ExitCode,
    oomKilled: seen.State.OOMKilled,
    restarts: seen.RestartCount,
    startedAt: seen.State.StartedAt,
    image: seen.Image,
  };
}

/** Names of everything on the engine labelled as this stack's. */
export interface Belongings {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

const lists = {
  containers: ["ps", "--all", "--format", "{{.Names}}"],
  volumes: ["volume", "ls", "--format", "{{.Name}}"],
  networks: ["network", "ls", "--format", "{{.Name}}"],
} as const;

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

const label = (stack: string): string[] => ["--filter", `label=sav3.stack=${stack}`];

export async function belongings(stack: string): Promise<Belongings> {
  const list = async (kind: keyof typeof lists): Promise<string[]> =>
    lines(await docker(...lists[kind], ...label(stack))).sort();
  return {
    containers: await list("containers"),
    volumes: await list("volumes"),
    networks: await list("networks"),
  };
}

/**
 * Removes everything labelled as this stack's, by the engine alone. Synchronous, because it also
 * runs when the test process has been told to end.
 */
export function sweep(stack: string): void {
  const words = (...args: string[]): string[] =>
    lines(spawnSync("docker", args, { encoding: "utf8" }).stdout);
  const each = (found: string[], ...command: string[]): void => {
    if (found.length > 0) spawnSync("docker", [...command, ...found], { stdio: "ignore" });
  };
  each(words(...lists.containers, ...label(stack)), "rm", "--force", "--volumes");
  each(words(...lists.volumes, ...label(stack)), "volume", "rm", "--force");
  each(words(...lists.networks, ...label(stack)), "network", "rm");
}
