import { must, run } from "../lib/command";
import { docker, exec, superuserSql } from "../lib/docker";
import { eventually } from "../lib/wait";
import { connect, engineAddress } from "../../components/lib/engine";
import { putFiles } from "../../components/lib/container";
import { CONFIG_MOUNT, DATA_DIRECTORY, DATA_MOUNT } from "../../components/postgres/paths";
import type { NodeFiles } from "../../components/node/files";

export type EntryPoint = "primary-entrypoint.sh" | "replica-entrypoint.sh";

/** What `sav3-apply` prints. */
export interface Applied {
  readonly state: "applied" | "waiting";
  readonly role?: "primary" | "standby";
  readonly pendingRestart?: readonly string[];
}

/** How a start was refused. */
export interface Refusal {
  readonly exitCode: number;
  /** The line that begins with `sav3: refused:`. */
  readonly text: string;
}

export interface NodeOptions {
  readonly image: string;
  /** Value of the label by which everything is swept away. */
  readonly stack: string;
  /** Host name, e.g. `pg-1`. */
  readonly host: string;
  readonly entryPoint: EntryPoint;
  /** Network by name; every name in `aliases` leads to the node. */
  readonly network: string;
  readonly aliases: readonly string[];
  /** Data volume of another node, instead of its own. */
  readonly data?: string;
  readonly restart?: "no" | "unless-stopped";
}

/** A container of the node image as the program makes it, driven by the engine alone. */
export class ImageNode {
  readonly container: string;
  readonly data: string;
  readonly config: string;

  constructor(readonly options: NodeOptions) {
    this.container = `${options.stack}-${options.host}`;
    this.data = options.data ?? `${this.container}-data`;
    this.config = `${this.container}-config`;
  }

  /** Makes the container, without starting it. */
  async create(): Promise<void> {
    const { stack, image, host, network, aliases, entryPoint, restart } = this.options;
    const label = ["--label", `sav3.stack=${stack}`];
    for (const volume of [this.data, this.config]) {
      await docker("volume", "create", ...label, volume);
    }
    await docker(
      ...["create", "--name", this.container, ...label, "--hostname", host],
      ...["--network", network, ...aliases.flatMap((name) => ["--network-alias", name])],
      ...["--volume", `${this.data}:${DATA_MOUNT}`, "--volume", `${this.config}:${CONFIG_MOUNT}`],
      ...["--user", "999:999", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
      ...["--read-only", "--tmpfs", "/tmp:rw,nosuid,size=256m,mode=1777"],
      "--tmpfs",
      "/run/postgresql:rw,noexec,nosuid,size=16m,uid=999,gid=999,mode=0755",
      ...["--memory", "1g", "--restart", restart ?? "unless-stopped", image, entryPoint],
    );
  }

  async start(): Promise<void> {
    await docker("start", this.container);
  }

  /** The clean stop that the program and people use. */
  async stop(): Promise<void> {
    await docker("stop", "--time", "60", this.container);
  }

  /** What a power cut does to this one container. */
  async kill(): Promise<void> {
    await docker("kill", this.container);
  }

  /** Writes files as the program does, through the engine's archive API. */
  async put(files: NodeFiles): Promise<void> {
    await putFiles(connect(engineAddress()).getContainer(this.container), CONFIG_MOUNT, files);
  }

  /** Everything a node needs, `ready` last. */
  async putAll(files: NodeFiles): Promise<void> {
    await this.put({ ...files, ready: "1\n" });
  }

  async apply(): Promise<Applied> {
    const finished = await exec(this.container, ["sav3-apply"]);
    if (finished.code !== 0) throw new Error(finished.text);
    return JSON.parse(finished.stdout) as Applied;
  }

  /** What `sav3-apply` says against the files; it must refuse them. */
  async applyRefusal(name: string): Promise<string> {
    const finished = await exec(this.container, ["sav3-apply"]);
    if (finished.code !== 1) {
      throw new Error(`${name}: exit ${String(finished.code)}, ${finished.text}`);
    }
    return finished.stderr;
  }

  /** SQL as superuser over the socket. */
  async sql(text: string, database?: string): Promise<string> {
    return superuserSql(this.container, text, database);
  }

  async until(what: string, sql: string, wanted: string, seconds = 90): Promise<void> {
    await eventually(
      `${this.options.host} ${what}; its log:\n${await this.tail()}`,
      async () => (await this.sql(sql)) === wanted,
      { seconds },
    );
  }

  async ready(seconds = 90): Promise<void> {
    await this.until("answers", "select 1", "1", seconds);
  }

  /** Standby: receives WAL from its primary now. */
  async streams(seconds = 90): Promise<void> {
    await this.until("streams", "select status from pg_stat_wal_receiver", "streaming", seconds);
  }

  /** Standby: has replayed what the primary has written until now. */
  async catchUp(primary: ImageNode): Promise<void> {
    const target = await primary.sql("select pg_current_wal_lsn()");
    const sql = `select pg_last_wal_replay_lsn() >= '${target}'`;
    await this.until(`replays ${target}`, sql, "t");
  }

  async log(): Promise<string> {
    return (await must("docker", ["logs", this.container])).text;
  }

  private async tail(): Promise<string> {
    const finished = await run("docker", ["logs", "--tail", "15", this.container]);
    return finished.text;
  }

  /** Waits for a container with `restart: "no"` to give up. */
  async refusal(): Promise<Refusal> {
    const { stdout } = await must("docker", ["wait", this.container], { timeoutSeconds: 60 });
    const lines = (await this.log()).split("\n");
    const text = lines.findLast((line) => line.startsWith("sav3: refused: ")) ?? lines.join("\n");
    return { exitCode: Number(stdout), text };
  }

  async exitCode(): Promise<number> {
    return Number(await docker("inspect", "--format", "{{.State.ExitCode}}", this.container));
  }

  /** Runs a shell line over the node's data volume in a container of its own. */
  async onVolume(script: string): Promise<string> {
    const volume = ["--volume", `${this.data}:${DATA_MOUNT}`];
    const label = ["--label", `sav3.stack=${this.options.stack}`];
    const shell = ["bash", "-c", `cd ${DATA_DIRECTORY} && ${script}`];
    return docker("run", "--rm", ...label, ...volume, this.options.image, ...shell);
  }

  /** One line of the control file of a stopped node, e.g. "Database cluster state". */
  async control(field: string): Promise<string> {
    const output = await this.onVolume("pg_controldata");
    const line = output.split("\n").find((each) => each.startsWith(`${field}:`));
    return line?.slice(field.length + 1).trim() ?? `no "${field}"`;
  }
}
