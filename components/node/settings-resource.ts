import * as pulumi from "@pulumi/pulumi";
import { ownUrn } from "../lib/own-urn";
import { sourceVersion } from "../lib/source-version";
import { settingsProvider } from "./settings-provider";

/** Files of one node. */
export interface NodeFilesArgs {
  /** Logical name, e.g. `pg-0`. */
  node: string;
  /** Container whose config volume receives the files; a new container is told about them again. */
  containerId: pulumi.Input<string>;
  /** Content by name below /etc/sav3, e.g. `postgresql.conf` or `init/01-roles.sql`. */
  files: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** Arguments of {@link ClusterSettings}. */
export interface ClusterSettingsArgs {
  /** Address of the engine that runs the nodes. */
  dockerHost: pulumi.Input<string>;
  /** All nodes, the first primary first. Their files are kept as secrets. */
  nodes: readonly NodeFilesArgs[];
  /** Poolers that hold their clients back while the primary restarts. */
  poolers: readonly { pooler: string; containerId: pulumi.Input<string> }[];
  /** Seconds that a server has to stop cleanly when a setting needs a restart. */
  restartGraceSeconds: pulumi.Input<number>;
  /** Seconds that a node has to take the files, and to be back after a restart. */
  timeoutSeconds: pulumi.Input<number>;
}

const version = sourceVersion(__dirname, [
  "settings-provider.ts",
  "effects.ts",
  "restart.ts",
  "../pooler/pause.ts",
  "../lib/config-volume.ts",
  "../lib/container.ts",
  "../lib/engine.ts",
  "../lib/engine-log.ts",
  "../lib/inputs.ts",
]);

/**
 * The nodes' changeable files: passwords, keys, postgresql.conf, pg_hba.conf.
 *
 * A change is written into the config volumes, reloaded, and followed by restarts, one node at a time, only where a
 * setting needs one. No container is replaced.
 */
export class ClusterSettings extends pulumi.dynamic.Resource {
  /** Changes with any file of any node. */
  declare readonly contentHash: pulumi.Output<string>;
  /** Nodes that the last change restarted, in order. */
  declare readonly restarted: pulumi.Output<string[]>;

  constructor(name: string, args: ClusterSettingsArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      settingsProvider,
      name,
      {
        ...args,
        // Not the list as a whole: one unknown container id would hide all of it from a preview.
        nodes: args.nodes.map((each) => ({ ...each, files: pulumi.secret(each.files) })),
        shownAt: ownUrn("ClusterSettings", name, opts?.parent),
        version,
        contentHash: undefined,
        settings: undefined,
        restarted: undefined,
      },
      opts,
      "sav3",
      "ClusterSettings",
    );
  }
}
