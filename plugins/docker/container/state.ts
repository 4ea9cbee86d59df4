import type { ContainerInspectInfo, HealthConfig, HostConfig, Ulimit } from "dockerode";
import { orderedSet } from "../../lib/sets";
import { type Properties, type Value, asText, blocks, isProperties } from "../../lib/values";
import { containerFields } from "./fields";

const MEGABYTE = 1024 * 1024;

/** What the engine answers, where the client's types leave something out or open. */
interface Inspected extends Omit<
  ContainerInspectInfo,
  "Config" | "HostConfig" | "NetworkSettings"
> {
  Config: Omit<ContainerInspectInfo["Config"], "Cmd"> & {
    Cmd: string[] | null;
    StopSignal?: string;
    StopTimeout?: number;
  };
  HostConfig: Omit<
    HostConfig,
    "CapAdd" | "CapDrop" | "ExtraHosts" | "LogConfig" | "SecurityOpt"
  > & {
    CapAdd?: string[] | null | undefined;
    CapDrop?: string[] | null | undefined;
    ExtraHosts?: string[] | null | undefined;
    LogConfig?: { Type: string; Config: Record<string, string> | null } | undefined;
    SecurityOpt?: string[] | null | undefined;
  };
  NetworkSettings: Omit<ContainerInspectInfo["NetworkSettings"], "Ports"> & {
    Bridge?: string;
    // A port that is only exposed has no bindings.
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
}

/**
 * What the engine shows of a container, in the words of the state. Left out, and so kept as they were:
 * environment and labels (the image adds its own), networks joined, uploads, volumes, and all that only
 * steers the plugin.
 */
export function seenState(info: Inspected, state: Properties): Properties {
  const { Config: config, HostConfig: host } = info;
  const mustRun = state["mustRun"] === true;
  const running = info.State.Running;
  return {
    bridge: info.NetworkSettings.Bridge ?? "",
    command: config.Cmd ?? [],
    cpuSet: host.CpusetCpus ?? "",
    cpuShares: host.CpuShares ?? 0,
    dns: orderedSet(host.Dns ?? []),
    dnsOpts: orderedSet(host.DnsOptions ?? []),
    dnsSearches: orderedSet(host.DnsSearch ?? []),
    domainname: config.Domainname,
    entrypoints: list(config.Entrypoint),
    groupAdds: orderedSet(host.GroupAdd ?? []),
    hostname: config.Hostname,
    hosts: orderedSet((host.ExtraHosts ?? []).map(extraHost), containerFields["hosts"]?.fields),
    // An image given by its id is compared by id, one given by name by name.
    image: asText(state["image"]).startsWith("sha256:") ? info.Image : config.Image,
    init: host.Init ?? false,
    ipcMode: host.IpcMode ?? "",
    logDriver: host.LogConfig?.Type ?? "",
    logOpts: filledMap(state["logOpts"]) ? (host.LogConfig?.Config ?? {}) : {},
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    memory: megabytes(host.Memory),
    memoryReservation: megabytes(host.MemoryReservation),
    memorySwap: megabytes(host.MemorySwap),
    mounts: orderedSet(
      (host.Mounts ?? []).map((mount) => seenMount(mount, state)),
      containerFields["mounts"]?.fields,
    ),
    name: info.Name.replace(/^\//, ""),
    networkDatas: networkDatas(info),
    networkMode: host.NetworkMode ?? "",
    platform: info.Platform,
    privileged: host.Privileged ?? false,
    publishAllPorts: host.PublishAllPorts ?? false,
    readOnly: host.ReadonlyRootfs ?? false,
    restart: host.RestartPolicy?.Name ?? "no",
    rm: host.AutoRemove ?? false,
    runtime: host.Runtime ?? "",
    securityOpts: orderedSet(host.SecurityOpt ?? []),
    shmSize: megabytes(host.ShmSize),
    stdinOpen: config.OpenStdin,
    stopSignal: config.StopSignal ?? "",
    stopTimeout: config.StopTimeout ?? 0,
    storageOpts: host.StorageOpt ?? {},
    sysctls: host.Sysctls ?? {},
    tmpfs: host.Tmpfs ?? {},
    tty: config.Tty,
    user: config.User,
    usernsMode: host.UsernsMode ?? "",
    workingDir: config.WorkingDir,
    ...capabilities(host.CapAdd, host.CapDrop),
    ...((host.NanoCpus ?? 0) > 0 ? { cpus: decimal((host.NanoCpus ?? 0) / 1e9) } : {}),
    ...(config.Healthcheck === undefined
      ? {}
      : { healthcheck: seenHealthcheck(config.Healthcheck) }),
    ...(filledList(state["pidMode"]) ? { pidMode: host.PidMode ?? "" } : {}),
    ...(filledList(state["ulimits"]) ? { ulimits: seenUlimits(host.Ulimits) } : {}),
    // A container that is not wanted running has no ports while it is stopped, which is no change.
    ...((running || mustRun) && filledList(state["ports"]) ? { ports: seenPorts(info) } : {}),
    ...(running ? {} : { exitCode: info.State.ExitCode }),
    // Stopped where it must run: this is what makes the next update start or replace it.
    ...(!running && mustRun ? { mustRun: false } : {}),
  };
}

function seenPorts(info: Inspected): Properties[] {
  return Object.entries(info.NetworkSettings.Ports)
    .map(([key, bindings]) => {
      const [internal = "", protocol = ""] = key.split("/");
      return { internal: Number(internal), protocol, bindings };
    })
    .sort(
      (left, right) => left.internal - right.internal || (left.protocol < right.protocol ? -1 : 1),
    )
    .flatMap(({ internal, protocol, bindings }) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({
        external: Number(HostPort),
        internal,
        ip: HostIp,
        protocol,
      })),
    );
}

function networkDatas(info: Inspected): Properties[] {
  return Object.entries(info.NetworkSettings.Networks)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([networkName, network]) => ({
      gateway: network.Gateway,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      ipv6Gateway: network.IPv6Gateway,
      macAddress: network.MacAddress,
      networkName,
    }));
}

/** A mount as it was asked for; only what the engine can tell differently is taken from it. */
function seenMount(
  mount: { Target: string; Source: string; Type: string; ReadOnly?: boolean | undefined },
  state: Properties,
): Properties {
  const known = blocks(state["mounts"]).find(({ target }) => target === mount.Target);
  return {
    bindOptions: known?.["bindOptions"] ?? null,
    readOnly: mount.ReadOnly ?? false,
    source: mount.Source,
    target: mount.Target,
    tmpfsOptions: known?.["tmpfsOptions"] ?? null,
    type: mount.Type,
    volumeOptions: known?.["volumeOptions"] ?? null,
  };
}

function seenUlimits(ulimits: readonly Ulimit[] | undefined): Value[] {
  return orderedSet(
    (ulimits ?? []).map(({ Name, Soft, Hard }) => ({
      hard: Hard ?? 0,
      name: Name ?? "",
      soft: Soft ?? 0,
    })),
    containerFields["ulimits"]?.fields,
  );
}

function seenHealthcheck(check: HealthConfig): Properties {
  return {
    interval: duration(check.Interval),
    retries: check.Retries ?? 0,
    startInterval: duration(check.StartInterval),
    startPeriod: duration(check.StartPeriod),
    tests: check.Test ?? [],
    timeout: duration(check.Timeout),
  };
}

/** Nanoseconds as Go writes a duration: "1m30s", "500ms", "0s". */
export function duration(nanoseconds: number | undefined): string {
  const total = nanoseconds ?? 0;
  if (total === 0) return "0s";
  if (total < 1e3) return `${String(total)}ns`;
  if (total < 1e6) return `${decimal(total / 1e3)}µs`;
  if (total < 1e9) return `${decimal(total / 1e6)}ms`;
  const hours = Math.floor(total / 3600e9);
  const minutes = Math.floor((total % 3600e9) / 60e9);
  const seconds = `${decimal((total % 60e9) / 1e9)}s`;
  if (hours > 0) return `${String(hours)}h${String(minutes)}m${seconds}`;
  return minutes > 0 ? `${String(minutes)}m${seconds}` : seconds;
}

function capabilities(
  adds: string[] | null | undefined,
  drops: string[] | null | undefined,
): Properties {
  const [added, dropped] = [adds ?? [], drops ?? []];
  if (added.length === 0 && dropped.length === 0) return {};
  return { capabilities: { adds: orderedSet(added), drops: orderedSet(dropped) } };
}

function extraHost(entry: string): Properties {
  const [host = "", ...ip] = entry.split(":");
  return { host, ip: ip.join(":") };
}

function megabytes(bytes: number | undefined): number {
  const count = bytes ?? 0;
  return count > 0 ? Math.floor(count / MEGABYTE) : count;
}

function decimal(value: number): string {
  return String(Number(value.toFixed(9)));
}

function list(value: string | string[] | undefined): string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

function filledList(value: Value | undefined): boolean {
  return (
    value !== undefined &&
    value !== null &&
    value !== "" &&
    !(Array.isArray(value) && value.length === 0)
  );
}

function filledMap(value: Value | undefined): boolean {
  return isProperties(value) && Object.keys(value).length > 0;
}
