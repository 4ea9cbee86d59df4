import type { Fault } from "./faults";
import type { Settings } from "./settings";

/** The part of the settings that ports depend on. */
export type PortSettings = Pick<Settings, "replicas" | "primaryPort" | "replicaPort"> & {
  readonly pooler: Pick<Settings["pooler"], "enabled" | "port" | "readPort">;
};

/** A port that the configuration names. */
export interface FixedPort {
  /** Host name of what publishes it, e.g. `pg-0` or `pgbouncer`. */
  readonly owner: string;
  /** Config key that it comes from. */
  readonly key: "primaryPort" | "replicaPort" | "pooler.port" | "pooler.readPort";
  readonly port: number;
}

/** The port asked for at a node: a number, or 0 for a free one. Replica i gets `replicaPort + i - 1`. */
export function requestedPort(
  settings: Pick<Settings, "primaryPort" | "replicaPort">,
  index: number,
): number {
  if (index === 0) return settings.primaryPort;
  return settings.replicaPort === 0 ? 0 : settings.replicaPort + index - 1;
}

/** All fixed ports of the stack with what each belongs to. */
export function fixedPorts(settings: PortSettings): FixedPort[] {
  const { pooler } = settings;
  const nodes = Array.from({ length: settings.replicas + 1 }, (_, index) => ({
    owner: `pg-${index}`,
    key: index === 0 ? ("primaryPort" as const) : ("replicaPort" as const),
    port: requestedPort(settings, index),
  }));
  const poolers = [
    { owner: "pgbouncer", key: "pooler.port" as const, port: pooler.port },
    { owner: "pgbouncer-read", key: "pooler.readPort" as const, port: pooler.readPort },
  ];
  return [...nodes, ...(pooler.enabled ? poolers : [])].filter(({ port }) => port !== 0);
}

/** Everything that does not fit together among the ports. */
export function portsFaults(settings: PortSettings): Fault[] {
  const replicas = replicaPortFault(settings);
  const seen = new Map<number, string>();
  const poolers = fixedPorts(settings).flatMap(({ owner, key, port }): Fault[] => {
    const other = seen.get(port);
    seen.set(port, other ?? owner);
    if (other === undefined || !key.startsWith("pooler.")) return [];
    const advice = `${other} has this port already; set another, or 0 for a free one`;
    return [{ key, seen: port, advice }];
  });
  return [
    ...(replicas === undefined
      ? []
      : [{ key: "replicaPort", seen: settings.replicaPort, advice: replicas }]),
    ...poolers,
  ];
}

/** Why the replicas' ports do not fit, or undefined. */
function replicaPortFault(settings: PortSettings): string | undefined {
  const { replicas, primaryPort, replicaPort } = settings;
  if (replicas === 0 || replicaPort === 0) return undefined;
  const last = replicaPort + replicas - 1;
  const range = last === replicaPort ? `port ${last}` : `ports ${replicaPort} to ${last}`;
  if (last > 65535) {
    return `${replicas} replicas need ${range}; set at most ${65536 - replicas}`;
  }
  if (primaryPort >= replicaPort && primaryPort <= last) {
    return `the replicas' ${range} and primaryPort ${primaryPort} overlap; set another, or 0 for a free one`;
  }
  return undefined;
}
