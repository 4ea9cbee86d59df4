import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

/** How long a container may take to stop before the engine kills it. A checkpoint under load needs some of it. */
export const STOP_GRACE_SECONDS = 60;

const MIB = 1024 * 1024;

export interface ContainerLimits {
  readonly memoryBytes: number;
  readonly cpus: string | undefined;
  readonly shmBytes: number;
}

/**
 * What every container of ours has, whatever runs in it: a clean stop, bounded memory and logs, no rights.
 * Everything that the plugin would otherwise read back from the engine is stated, so that a second `up` finds no
 * difference. @pulumi/docker 5.2 has no limit for the number of processes: it is set when the files are written.
 */
export function standardArgs(limits: ContainerLimits): Partial<docker.ContainerArgs> {
  const memory = Math.floor(limits.memoryBytes / MIB);
  return {
    restart: "unless-stopped",
    stopSignal: "SIGINT",
    // `docker stop` uses stopTimeout; destroy and replace use destroyGraceSeconds, and SIGKILL at once without it.
    stopTimeout: STOP_GRACE_SECONDS,
    destroyGraceSeconds: STOP_GRACE_SECONDS,
    memory,
    // Without it the engine allots twice the memory, and every `up` sees that as a difference.
    memorySwap: memory,
    ...(limits.cpus === undefined ? {} : { cpus: limits.cpus }),
    shmSize: Math.floor(limits.shmBytes / MIB),
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges"],
    readOnly: true,
    // Read back as "bridge" beside networksAdvanced, so it is stated (pulumi/pulumi-docker#1272).
    networkMode: "bridge",
  };
}

/**
 * Options of every container. Names and ports are fixed, so the old one goes first (pulumi/pulumi-docker#1356);
 * changes of these three would otherwise report success and do nothing (kreuzwerker/terraform-provider-docker#988).
 */
export function containerOptions(
  parent: pulumi.Resource,
  dependsOn: readonly pulumi.Resource[] = [],
): pulumi.CustomResourceOptions {
  return {
    parent,
    dependsOn: [...dependsOn],
    deleteBeforeReplace: true,
    replaceOnChanges: ["healthcheck", "tmpfs", "init"],
  };
}
