import * as pulumi from "@pulumi/pulumi";
import { ownUrn } from "../lib/own-urn";
import { sourceVersion } from "../lib/source-version";
import { poolerFilesProvider } from "./files-provider";

/** Files of one pooler. */
export interface PoolerFilesOf {
  /** Host name, e.g. `pgbouncer`. */
  pooler: string;
  /** Container whose config volume receives the files; a new container is told about them again. */
  containerId: pulumi.Input<string>;
  /** Content by name below /etc/sav3, e.g. `pgbouncer.ini`. */
  files: pulumi.Input<Record<string, string>>;
}

/** Arguments of {@link PoolerFiles}. */
export interface PoolerFilesArgs {
  /** Address of the engine that runs the poolers. */
  dockerHost: pulumi.Input<string>;
  /** All poolers. Their files are kept as secrets. */
  poolers: readonly PoolerFilesOf[];
  /** Seconds that a pooler has to take the files. */
  timeoutSeconds: pulumi.Input<number>;
}

const version = sourceVersion(__dirname, [
  "files-provider.ts",
  "../lib/config-volume.ts",
  "../lib/container.ts",
  "../lib/engine.ts",
  "../lib/engine-log.ts",
  "../lib/inputs.ts",
]);

/** The poolers' changeable files: pgbouncer.ini, their own login, keys. A change is written and reloaded. */
export class PoolerFiles extends pulumi.dynamic.Resource {
  /** Hash over all files: what follows them depends on it. */
  declare readonly contentHash: pulumi.Output<string>;

  constructor(name: string, args: PoolerFilesArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      poolerFilesProvider,
      name,
      {
        ...args,
        poolers: args.poolers.map((each) => ({ ...each, files: pulumi.secret(each.files) })),
        shownAt: ownUrn("PoolerFiles", name, opts?.parent),
        version,
        contentHash: undefined,
      },
      opts,
      "sav3",
      "PoolerFiles",
    );
  }
}
