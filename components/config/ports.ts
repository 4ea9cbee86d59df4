import type { Settings } from "./settings";

/** The part of the settings that ports depend on. */
export type PortSettings = Pick<Settings, "replicas" | "primaryPort" | "replicaPort">;

/** The port asked for at a node: a number, or 0 for a free one. Replica i gets `replicaPort + i - 1`. */
export function requestedPort(settings: PortSettings, index: number): number {
  if (index === 0) return settings.primaryPort;
  return settings.replicaPort === 0 ? 0 : settings.replicaPort + index - 1;
}

/** All fixed ports of the stack with the node that each belongs to. */
export function fixedPorts(settings: PortSettings): { readonly node: number; port: number }[] {
  return Array.from({ length: settings.replicas + 1 }, (_, node) => ({
    node,
    port: requestedPort(settings, node),
  })).filter(({ port }) => port !== 0);
}

/** Why the ports do not fit together, or undefined. */
export function portsFault(settings: PortSettings): string | undefined {
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
