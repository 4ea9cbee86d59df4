import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { containerOptions, standardArgs } from "../lib/container-options";
import { labels } from "../lib/labels";
import { poolerNames, type PoolerKind, type PoolerNames, type StackId } from "../lib/names";
import { publishedPort } from "../node/port-resource";
import { CONFIG_MOUNT } from "../postgres/paths";
import { POOLER_PORT, POOLER_SOCKET } from "./pgbouncer-ini";

const MIB = 1024 * 1024;
/** A client with TLS takes about 50 KiB, a server connection the same; measured with PgBouncer 1.24. */
const BYTES_PER_CLIENT = 100 * 1024;

/** Memory limit of a pooler in bytes: some for itself, the rest for its clients. */
export function poolerMemory(maxClients: number): number {
  return 128 * MIB + maxClients * BYTES_PER_CLIENT;
}

export interface PoolerArgs {
  readonly id: StackId;
  readonly kind: PoolerKind;
  readonly settings: Pick<Settings, "bindAddress" | "pooler" | "replicas">;
  /** Engine that publishes the port. */
  readonly dockerHost: string;
  /** Image by name; another name replaces the container. */
  readonly image: pulumi.Input<string>;
  /** Network by name. */
  readonly network: pulumi.Input<string>;
}

/** One PgBouncer: a small volume for what can change, a container. It waits for its files. */
export class Pooler extends pulumi.ComponentResource {
  readonly names: PoolerNames;
  /** Where it leads: without replicas to the primary, whichever it is. */
  readonly leadsTo: "primary" | "replica";
  readonly port: pulumi.Output<number>;
  readonly container: docker.Container;

  constructor(name: string, args: PoolerArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:pooler:Pooler", name, {}, opts);
    const { id, kind, settings, dockerHost } = args;
    const { bindAddress, pooler } = settings;
    const ownLabels = labels(id, { service: "pgbouncer" });
    this.leadsTo = kind === "read" && settings.replicas > 0 ? "replica" : "primary";
    this.names = poolerNames(id, kind);
    this.port = publishedPort(
      `${name}-port`,
      { requested: kind === "write" ? pooler.port : pooler.readPort, bindAddress, dockerHost },
      { parent: this },
    );
    const config = new docker.Volume(
      `${name}-config`,
      { name: this.names.configVolume, labels: ownLabels },
      { parent: this, ignoreChanges: ["name", "driver", "driverOpts", "labels"] },
    );
    this.container = new docker.Container(
      `${name}-container`,
      {
        ...standardArgs({
          memoryBytes: poolerMemory(pooler.maxClients),
          cpus: undefined,
          shmBytes: 64 * MIB,
        }),
        name: this.names.container,
        hostname: this.names.pooler,
        image: args.image,
        command: ["pgbouncer-entrypoint.sh"],
        user: "999:999",
        labels: ownLabels,
        networksAdvanced: [{ name: args.network, aliases: [this.names.pooler] }],
        ports: [{ internal: POOLER_PORT, external: this.port, ip: bindAddress, protocol: "tcp" }],
        volumes: [{ volumeName: config.name, containerPath: CONFIG_MOUNT }],
        tmpfs: {
          [POOLER_SOCKET]: "rw,noexec,nosuid,size=1m,uid=999,gid=999,mode=0700",
          "/tmp": "rw,noexec,nosuid,size=16m,mode=1777",
        },
      },
      containerOptions(this),
    );
    this.registerOutputs({ port: this.port });
  }
}
