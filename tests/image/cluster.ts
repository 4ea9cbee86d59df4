import { after } from "node:test";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { parseConfig, type RawConfig } from "../../components/config/parse";
import { nodeNames, slotName, type StackId } from "../../components/lib/names";
import { nodeFiles, type NodeFiles } from "../../components/node/files";
import { createAuthority, issueLeaf, type KeyPair } from "../../components/tls/x509";
import { killRunning, must } from "../lib/command";
import { docker, sweep } from "../lib/docker";
import { checkout } from "../lib/stack";
import { ImageNode, type NodeOptions } from "./node";

/** Clear-text passwords of a test cluster. They must be found nowhere. */
export const passwords = {
  postgres: "canary-postgres-3f6a",
  replicator: "canary-replicator-91bc",
  owner: "canary-app-7d20",
  gate: "canary-gate-c45e",
  pooler: "canary-pooler-08bd",
};

/** Settings that make WAL disappear quickly, and a dead connection be noticed quickly. */
const impatient = {
  shared_buffers: "32MB",
  min_wal_size: "32MB",
  max_wal_size: "32MB",
  wal_keep_size: "0",
  max_slot_wal_keep_size: "48MB",
  wal_sender_timeout: "2s",
};

export interface FileOptions {
  /** Config keys beyond the defaults. */
  readonly config?: RawConfig;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly passwords?: Partial<typeof passwords>;
  /** SQL that runs once. Default: a table `once` with one row. */
  readonly sql?: string;
  /** Slots on the primary. Default: one for every standby of the cluster. */
  readonly slots?: readonly string[];
}

const made = new Set<string>();
const built = new Set<string>();

/** Removes what this test file made, also when it failed or is told to end. */
export function cleanUp(): void {
  const remove = (): void => {
    killRunning();
    for (const stack of made) sweep(stack);
    for (const image of built) spawnSync("docker", ["rmi", image]);
  };
  after(remove);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      remove();
      process.exit(1);
    });
  }
}

/** Builds the node image as it is in this checkout; the engine's cache makes that quick. */
export async function buildImage(): Promise<string> {
  const options = ["--quiet", "--file", "docker/postgres/Dockerfile"];
  const image = `sav3-postgres/node:img-${randomBytes(4).toString("hex")}`;
  built.add(image);
  await must("docker", ["build", ...options, "--tag", image, "."], {
    cwd: checkout,
    timeoutSeconds: 600,
  });
  return image;
}

/** The image with one program in front of PostgreSQL's own of the same name, which becomes `NAME.real`. */
export async function withStub(image: string, name: string, script: string): Promise<string> {
  const stubbed = `${image}-${name}`;
  built.add(stubbed);
  const text = Buffer.from(script).toString("base64");
  const lines = [
    `FROM ${image}`,
    "USER root",
    `RUN cd "$(pg_config --bindir)" && mv ${name} ${name}.real && echo ${text} | base64 -d >${name} && chmod 0755 ${name}`,
    "USER postgres",
  ];
  await must("docker", ["build", "--quiet", "--tag", stubbed, "-"], { input: lines.join("\n") });
  return stubbed;
}

/** A cluster of the node image without Pulumi: the program's own files, the engine, and nothing else. */
export class ImageCluster {
  private constructor(
    private readonly id: StackId,
    private readonly image: string,
    private readonly authority: KeyPair,
    private readonly subnet: string,
    private readonly gateway: string,
  ) {}

  static async make(image: string): Promise<ImageCluster> {
    const stack = `img-${randomBytes(4).toString("hex")}`;
    made.add(stack);
    await docker("network", "create", "--label", `sav3.stack=${stack}`, stack);
    const format = "{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}";
    const seen = await docker("network", "inspect", "--format", format, stack);
    const [subnet = "", gateway = ""] = seen.split(" ");
    const authority = await createAuthority(stack, 24, new Date());
    return new ImageCluster({ project: "sav3", stack }, image, authority, subnet, gateway);
  }

  /** The node at a position; its container is not made yet. */
  node(index: number, options: Partial<NodeOptions> = {}): ImageNode {
    const { node, alias } = nodeNames(this.id, index);
    return new ImageNode({
      image: this.image,
      stack: this.id.stack,
      host: node,
      entryPoint: index === 0 ? "primary-entrypoint.sh" : "replica-entrypoint.sh",
      network: this.id.stack,
      aliases: [node, alias],
      ...options,
    });
  }

  /** What the program would write for the node at a position. */
  async files(index: number, options: FileOptions = {}): Promise<NodeFiles> {
    const { settings, faults } = parseConfig({
      extensions: ["hstore"],
      ...options.config,
      parameters: { ...impatient, ...options.parameters },
    });
    if (faults.length > 0) throw new Error(JSON.stringify(faults));
    const names = nodeNames(this.id, index);
    const leaf = (commonName: string, usage: "server" | "client", sans: string[]) =>
      issueLeaf(this.authority, { commonName, usage, names: sans, validityHours: 24 }, new Date());
    return nodeFiles({
      names,
      cluster: this.id.stack,
      settings,
      slots: options.slots ?? [slotName(1)],
      subnet: this.subnet,
      gateway: this.gateway,
      passwords: { ...passwords, ...options.passwords },
      caCertificate: this.authority.certificate,
      revocations: "",
      server: await leaf(names.node, "server", [names.node, names.alias]),
      replicationClient: await leaf("replicator", "client", []),
      initSql: [
        {
          file: "init/01-once.sql",
          content: options.sql ?? "create table once (id serial); insert into once default values;",
        },
      ],
    });
  }

  /** Makes and starts a node with its files. */
  async begin(
    index: number,
    options: Partial<NodeOptions> = {},
    fileOptions: FileOptions = {},
  ): Promise<ImageNode> {
    const node = this.node(index, options);
    await node.create();
    await node.putAll(await this.files(index, fileOptions));
    await node.start();
    return node;
  }
}
