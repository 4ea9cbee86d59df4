import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { containerOptions, standardArgs } from "../lib/container-options";
import { labels } from "../lib/labels";
import { REPLICAS_ALIAS, nodeNames, type NodeNames, type StackId } from "../lib/names";
import { CONFIG_MOUNT, CONTAINER_PORT, DATA_MOUNT, SOCKET_DIRECTORY } from "../postgres/paths";

/** User and group of the server in the image; volumes keep these numbers. */
const SERVER_USER = "999:999";

export interface PostgresNodeArgs {
  readonly id: StackId;
  /** Position in the cluster; 0 is the first primary. */
  readonly index: number;
  readonly settings: Pick<Settings, "bindAddress" | "resources" | "retainVolumes">;
  /** Image by name; another name replaces the container and keeps the volumes. */
  readonly image: pulumi.Input<string>;
  /** Network by name. */
  readonly network: pulumi.Input<string>;
  /** Port of the host, never 0; another one replaces the container. */
  readonly port: pulumi.Input<number>;
  /** Containers that are replaced before this one. */
  readonly after: readonly pulumi.Resource[];
}

/** One PostgreSQL server: a volume for its data, a small one for what can change, a container. */
export class PostgresNode extends pulumi.ComponentResource {
  readonly names: NodeNames;
  /** Host name, e.g. `pg-0`. */
  readonly node: string;
  readonly port: pulumi.Output<number>;
  readonly container: docker.Container;

  constructor(name: string, args: PostgresNodeArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:node:PostgresNode", name, {}, opts);
    const { id, index, settings } = args;
    const nodeLabels = labels(id, { service: "postgres", node: index });
    this.names = nodeNames(id, index);
    this.node = this.names.node;
    this.port = pulumi.output(args.port);

    // Nothing about a volume is ever worth losing what it holds: what differs later is left as it was made.
    const kept = { parent: this, ignoreChanges: ["name", "driver", "driverOpts", "labels"] };
    const data = new docker.Volume(
      `${name}-data`,
      { name: this.names.dataVolume, labels: nodeLabels },
      { ...kept, retainOnDelete: settings.retainVolumes },
    );
    const config = new docker.Volume(
      `${name}-config`,
      { name: this.names.configVolume, labels: nodeLabels },
      kept,
    );

    this.container = new docker.Container(
      `${name}-container`,
      {
        ...standardArgs(settings.resources),
        name: this.names.container,
        hostname: this.node,
        image: args.image,
        command: [index === 0 ? "primary-entrypoint.sh" : "replica-entrypoint.sh"],
        user: SERVER_USER,
        labels: nodeLabels,
        networksAdvanced: [{ name: args.network, aliases: networkAliases(this.names) }],
        ports: [
          {
            internal: CONTAINER_PORT,
            external: this.port,
            ip: settings.bindAddress,
            protocol: "tcp",
          },
        ],
        volumes: [
          { volumeName: data.name, containerPath: DATA_MOUNT },
          { volumeName: config.name, containerPath: CONFIG_MOUNT },
        ],
        tmpfs: {
          [SOCKET_DIRECTORY]: "rw,noexec,nosuid,size=16m,uid=999,gid=999,mode=0755",
          "/tmp": "rw,nosuid,size=256m,mode=1777",
        },
      },
      containerOptions(this, args.after),
    );
    this.registerOutputs({ node: this.node, port: this.port });
  }
}

/** Host names of a node in the stack's network; its certificate is made for all of them. */
export function networkAliases({ index, node, alias }: NodeNames): string[] {
  return index === 0 ? [node, alias] : [node, alias, REPLICAS_ALIAS];
}
