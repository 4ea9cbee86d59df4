import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { changes, type Changes } from "./changes";
import { killRunning, must, run, type CommandOptions, type Finished } from "./command";
import type { Address } from "./database";
import { containerFacts, sweep, type ContainerFacts } from "./docker";
import { progress } from "./progress";

/** Values of the namespace sav3-postgres. */
export type Config = Readonly<Record<string, unknown>>;

/** The stack outputs that the tests use. */
export interface Outputs {
  readonly primaryUri: string;
  readonly replicaUris: readonly string[];
  readonly pooledUri?: string;
  readonly pooledReadUri?: string;
  readonly adminUri?: string;
  readonly caCertificate: string;
  readonly health: {
    readonly systemIdentifier: string;
    readonly timeline: number;
    readonly nodes: readonly { node: string; role: string; address: string; slot?: string }[];
    readonly poolers?: readonly { pooler: string; address: string; leadsTo: string }[];
  };
}

export const checkout = resolve(__dirname, "../..");

/** Ports 0: any number of test stacks live beside each other and beside a developer's own. */
const anyPorts: Config = { primaryPort: 0, replicaPort: 0 };

export interface StackOptions {
  readonly config?: Config;
  /** The checkout to run; default is the one the test stands in. */
  readonly directory?: string;
  /** The Node.js that runs the commands and with them the program; default is the tests' own. */
  readonly node?: string;
}

/** Options of one command on the stack. */
export interface UpOptions extends CommandOptions {
  readonly config?: Config;
  readonly args?: readonly string[];
  /** Preview first, as `up` does for people. Default false: half the time, the same update. */
  readonly preview?: boolean;
}

function configArgs(config: Config): string[] {
  return Object.entries(config).flatMap(([key, value]) => [
    "-c",
    `sav3-postgres:${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  ]);
}

/**
 * A stack of this file's own, driven through the commands that people run, with its own state
 * folder. `testStack` makes one and sees to it that nothing stays behind.
 */
export class TestStack {
  readonly name = `test-${randomBytes(4).toString("hex")}`;
  readonly prefix = `sav3-postgres-${this.name}`;
  readonly stateFolder = mkdtempSync(join(tmpdir(), "sav3-test-"));
  private config: Config;
  private known: Outputs | undefined;

  constructor(
    config: Config,
    public directory: string,
    private readonly node: string,
  ) {
    this.config = { ...anyPorts, ...config };
  }

  /** Name of a node's container. */
  container(node: number): string {
    return `${this.prefix}-pg-${node}`;
  }

  /** Environment in which every command of this stack runs. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      SAV3_STATE: this.stateFolder,
      // A copy of the checkout brings tools of its own: its plugins are built from its own sources.
      SAV3_HOME:
        this.directory === checkout
          ? (process.env["SAV3_HOME"] ?? join(checkout, ".sav3"))
          : join(this.directory, ".sav3"),
      NO_COLOR: "1",
      // Set by Node in children of its test runner; a runner below it would report to nobody.
      NODE_TEST_CONTEXT: undefined,
    };
  }

  /** Runs `npm run COMMAND -- --stack NAME ARGS` without npm's own start. */
  async command(command: string, args: readonly string[] = [], options: CommandOptions = {}) {
    return this.commandAs(this.name, command, args, options);
  }

  /** Like command, for a stack of another name beside this one in the same state. */
  async commandAs(
    name: string,
    command: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<Finished> {
    const all = ["scripts/run.mjs", command, "--stack", name, ...args];
    return run(this.node, all, { cwd: this.directory, env: this.env, ...options });
  }

  /** The Pulumi CLI in the set-up's environment. */
  async pulumi(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
    return must(this.node, ["scripts/run.mjs", "pulumi", ...args, "--stack", this.name], {
      cwd: this.directory,
      env: this.env,
      ...options,
    });
  }

  /** `up`, with this stack's settings and the changes given here, which stay. */
  async tryUp({
    config = {},
    args = [],
    preview = false,
    ...options
  }: UpOptions = {}): Promise<Finished> {
    this.config = { ...this.config, ...config };
    this.known = undefined;
    const finished = await this.command(
      "up",
      ["--yes", ...(preview ? [] : ["--skip-preview"]), ...args, ...configArgs(this.config)],
      options,
    );
    progress(
      `up ${JSON.stringify(config)} ${args.join(" ")}: exit ${String(finished.code)} ` +
        `after ${finished.seconds.toFixed(1)} s`,
    );
    return finished;
  }

  /** An `up` that must succeed; what it changed. */
  async up(options: UpOptions = {}): Promise<Changes & Finished> {
    const finished = await this.tryUp(options);
    if (finished.code !== 0) {
      throw new Error(`up of ${this.name}: exit ${String(finished.code)}\n${finished.text}`);
    }
    return { ...finished, ...changes(finished.text) };
  }

  /** An `up` that must fail; what it printed. */
  async failingUp(options: UpOptions = {}): Promise<Finished> {
    const finished = await this.tryUp(options);
    if (finished.code === 0) throw new Error(`up succeeded but must not:\n${finished.text}`);
    return finished;
  }

  /** `preview` with the stack's settings and those given here, which stay in the file: `restore` takes them back. */
  async preview(config: Config = {}, args: readonly string[] = []): Promise<Finished> {
    return this.command("preview", [...args, ...configArgs({ ...this.config, ...config })]);
  }

  async outputs(): Promise<Outputs> {
    if (this.known === undefined) {
      const { stdout } = await this.pulumi(["stack", "output", "--json", "--show-secrets"]);
      this.known = JSON.parse(stdout.slice(stdout.indexOf("{"))) as Outputs;
    }
    return this.known;
  }

  /** Where the application writes. */
  async primary(): Promise<Address> {
    const { primaryUri, caCertificate } = await this.outputs();
    return { uri: primaryUri, ca: caCertificate };
  }

  /** Where the application reads, replica 1 first. */
  async replicas(): Promise<Address[]> {
    const { replicaUris, caCertificate } = await this.outputs();
    return replicaUris.map((uri) => ({ uri, ca: caCertificate }));
  }

  /** Facts of a node's container, which must exist. */
  async facts(node: number): Promise<ContainerFacts> {
    const facts = await containerFacts(this.container(node));
    if (facts === undefined) throw new Error(`${this.container(node)} does not exist`);
    return facts;
  }

  /** Takes back what `preview` left in the settings of the stack. */
  async restore(key: string): Promise<void> {
    if (key in this.config) {
      await this.command("preview", configArgs(this.config));
    } else {
      await this.pulumi(["config", "rm", `sav3-postgres:${key}`]);
    }
  }

  /** Takes settings back to their defaults at the next `up`. */
  async unset(...keys: string[]): Promise<void> {
    this.config = Object.fromEntries(
      Object.entries(this.config).filter(([key]) => !keys.includes(key)),
    );
    for (const key of keys) await this.pulumi(["config", "rm", `sav3-postgres:${key}`]);
  }

  /** Forgets the outputs read before; for commands that do not go through `up`. */
  forget(): void {
    this.known = undefined;
  }

  /** Removes everything of the stack by the engine, then the state folder. */
  remove(): void {
    killRunning();
    sweep(this.name);
    rmSync(this.stateFolder, { recursive: true, force: true });
  }
}

const open = new Set<TestStack>();

function removeAll(): void {
  for (const stack of open) stack.remove();
  open.clear();
}

// The runner ends a file that is over its time with SIGTERM.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.once(signal, () => {
    removeAll();
    process.exit(1);
  });
}

/** A stack for this test file; removed at its end, however it ends. Nothing is deployed yet. */
export function testStack({
  config = {},
  directory = checkout,
  node = process.execPath,
}: StackOptions = {}): TestStack {
  const stack = new TestStack(config, directory, node);
  if (open.size === 0) after(removeAll);
  open.add(stack);
  progress(`stack ${stack.name}`);
  return stack;
}
