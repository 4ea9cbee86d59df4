import type { ContainerCreateOptions, HealthConfig, HostConfig, MountSettings } from "dockerode";
import { type Properties, type Value, asText, blocks, given, isProperties } from "../../lib/values";
import { toDockerLabels, toTextMap } from "../labels";

const MEGABYTE = 1024 * 1024;

/** What to ask the engine for, so that the container becomes as planned. Networks are joined afterwards. */
export function createOptions(wanted: Properties): ContainerCreateOptions {
  const volumes = volumeOptions(blocks(wanted["volumes"]));
  const ports = portOptions(blocks(wanted["ports"]));
  return {
    name: asText(wanted["name"]),
    Image: asText(wanted["image"]),
    Hostname: given(wanted["hostname"]) ?? "",
    Domainname: given(wanted["domainname"]) ?? "",
    Tty: wanted["tty"] === true,
    OpenStdin: wanted["stdinOpen"] === true,
    Labels: toDockerLabels(wanted["labels"]),
    HostConfig: hostConfig(wanted, volumes, ports.bindings),
    ...when("platform", given(wanted["platform"])),
    ...when("User", given(wanted["user"])),
    ...when("WorkingDir", given(wanted["workingDir"])),
    ...when("StopSignal", given(wanted["stopSignal"])),
    ...when("StopTimeout", positive(wanted["stopTimeout"])),
    ...when("Env", texts(wanted["envs"])),
    ...when("Cmd", commandOf(wanted["command"])),
    ...when("Entrypoint", texts(wanted["entrypoints"])),
    ...when("Healthcheck", healthcheck(wanted["healthcheck"])),
    ...(Object.keys(volumes.paths).length === 0 ? {} : { Volumes: volumes.paths }),
    ...(Object.keys(ports.exposed).length === 0 ? {} : { ExposedPorts: ports.exposed }),
  };
}

function hostConfig(
  wanted: Properties,
  volumes: ReturnType<typeof volumeOptions>,
  bindings: Record<string, { HostPort: string; HostIp: string }[]>,
): HostConfig {
  const securityOpts = texts(wanted["securityOpts"]) ?? [];
  const capabilities = isProperties(wanted["capabilities"]) ? wanted["capabilities"] : {};
  const cpus = given(wanted["cpus"]);
  const logOpts = toTextMap(wanted["logOpts"]);
  return {
    Privileged: wanted["privileged"] === true,
    PublishAllPorts: wanted["publishAllPorts"] === true,
    RestartPolicy: restartPolicy(wanted),
    AutoRemove: wanted["rm"] === true,
    ReadonlyRootfs: wanted["readOnly"] === true,
    Init: wanted["init"] === true,
    LogConfig: { Type: given(wanted["logDriver"]) ?? "", Config: logOpts },
    NetworkMode: given(wanted["networkMode"]) ?? "bridge",
    Mounts: blocks(wanted["mounts"]).map(mountOptions),
    Tmpfs: toTextMap(wanted["tmpfs"]),
    Sysctls: toTextMap(wanted["sysctls"]),
    PortBindings: bindings,
    ...when("Runtime", given(wanted["runtime"])),
    ...when("Binds", filled(volumes.binds)),
    ...when("VolumesFrom", filled(volumes.from)),
    ...when(
      "ExtraHosts",
      filled(blocks(wanted["hosts"]).map(({ host, ip }) => `${asText(host)}:${asText(ip)}`)),
    ),
    ...when(
      "Ulimits",
      filled(
        blocks(wanted["ulimits"]).map(({ name, soft, hard }) => ({
          Name: asText(name),
          Soft: Number(soft),
          Hard: Number(hard),
        })),
      ),
    ),
    ...when("CapAdd", texts(capabilities["adds"])),
    ...when("CapDrop", texts(capabilities["drops"])),
    ...when("Dns", texts(wanted["dns"])),
    ...when("DnsOptions", texts(wanted["dnsOpts"])),
    ...when("DnsSearch", texts(wanted["dnsSearches"])),
    ...when("GroupAdd", texts(wanted["groupAdds"])),
    // "systempaths=unconfined" is the client's to carry out, as the docker CLI does.
    ...when(
      "SecurityOpt",
      filled(securityOpts.filter((option) => option !== "systempaths=unconfined")),
    ),
    ...(securityOpts.includes("systempaths=unconfined")
      ? { MaskedPaths: [], ReadonlyPaths: [] }
      : {}),
    ...resources(wanted),
    ...when("ShmSize", megabytes(wanted["shmSize"])),
    ...(cpus === undefined
      ? {
          ...when("CpuPeriod", positive(wanted["cpuPeriod"])),
          ...when("CpuQuota", positive(wanted["cpuQuota"])),
        }
      : { NanoCpus: Math.round(Number(cpus) * 1e9) }),
    ...when("UsernsMode", given(wanted["usernsMode"])),
    ...when("PidMode", given(wanted["pidMode"])),
    ...when("IpcMode", given(wanted["ipcMode"])),
    ...when("CgroupnsMode", cgroupnsMode(wanted["cgroupnsMode"])),
    ...when("CgroupParent", given(wanted["cgroupParent"])),
    ...(Object.keys(toTextMap(wanted["storageOpts"])).length === 0
      ? {}
      : { StorageOpt: toTextMap(wanted["storageOpts"]) }),
  };
}

/** Limits that a running container can change, in the engine's units (bytes). */
export function resources(
  wanted: Properties,
): Pick<HostConfig, "Memory" | "MemoryReservation" | "MemorySwap" | "CpuShares" | "CpusetCpus"> {
  const swap = Number(wanted["memorySwap"] ?? 0);
  return {
    ...when("Memory", megabytes(wanted["memory"])),
    ...when("MemoryReservation", megabytes(wanted["memoryReservation"])),
    // -1 means without limit.
    ...when("MemorySwap", swap === 0 ? undefined : swap > 0 ? swap * MEGABYTE : swap),
    ...when("CpuShares", positive(wanted["cpuShares"])),
    ...when("CpusetCpus", given(wanted["cpuSet"])),
  };
}

export function restartPolicy(wanted: Properties): { Name: string; MaximumRetryCount: number } {
  return {
    Name: given(wanted["restart"]) ?? "no",
    MaximumRetryCount: Number(wanted["maxRetryCount"] ?? 0),
  };
}

/** How a container joins one of its networks. */
export function endpointOptions(network: Properties): object {
  const options = Object.fromEntries(
    (texts(network["driverOpts"]) ?? []).map((option) => {
      const [name = "", ...value] = option.split("=");
      return [name, value.join("=")];
    }),
  );
  return {
    ...when("Aliases", texts(network["aliases"])),
    IPAMConfig: {
      ...when("IPv4Address", given(network["ipv4Address"])),
      ...when("IPv6Address", given(network["ipv6Address"])),
      ...when("LinkLocalIPs", texts(network["linkLocalIps"])),
    },
    ...when("MacAddress", given(network["macAddress"])),
    ...(Object.keys(options).length === 0 ? {} : { DriverOpts: options }),
  };
}

function volumeOptions(volumes: readonly Properties[]): {
  paths: Record<string, object>;
  binds: string[];
  from: string[];
} {
  const paths: Record<string, object> = {};
  const binds: string[] = [];
  const from: string[] = [];
  for (const volume of volumes) {
    const container = given(volume["fromContainer"]);
    const path = given(volume["containerPath"]);
    const source = given(volume["hostPath"]) ?? given(volume["volumeName"]);
    if (container === undefined && path === undefined) {
      throw new Error("volume entry without container path or source container");
    }
    if (container !== undefined && path !== undefined) {
      throw new Error("both a container and a path specified in a volume entry");
    }
    if (container !== undefined) from.push(container);
    if (path === undefined) continue;
    paths[path] = {};
    if (source === undefined) continue;
    const relabel = given(volume["selinuxRelabel"]);
    const mode =
      (volume["readOnly"] === true ? "ro" : "rw") + (relabel === undefined ? "" : `,${relabel}`);
    binds.push(`${source}:${path}:${mode}`);
  }
  return { paths, binds, from };
}

function portOptions(ports: readonly Properties[]): {
  exposed: Record<string, object>;
  bindings: Record<string, { HostPort: string; HostIp: string }[]>;
} {
  const exposed: Record<string, object> = {};
  const bindings: Record<string, { HostPort: string; HostIp: string }[]> = {};
  for (const { internal, external, ip, protocol } of ports) {
    const port = `${asText(internal)}/${given(protocol) ?? "tcp"}`;
    exposed[port] = {};
    (bindings[port] ??= []).push({
      // 0 asks the engine for a free one.
      HostPort: typeof external === "number" ? String(external) : "0",
      HostIp: given(ip) ?? "0.0.0.0",
    });
  }
  return { exposed, bindings };
}

function mountOptions(mount: Properties): MountSettings {
  const bind = isProperties(mount["bindOptions"]) ? mount["bindOptions"] : undefined;
  const volume = isProperties(mount["volumeOptions"]) ? mount["volumeOptions"] : undefined;
  const tmpfs = isProperties(mount["tmpfsOptions"]) ? mount["tmpfsOptions"] : undefined;
  const type = asText(mount["type"]);
  const common = {
    Target: asText(mount["target"]),
    Source: asText(mount["source"]),
    ReadOnly: mount["readOnly"] === true,
  };
  if (type === "bind") {
    const propagation = given(bind?.["propagation"]);
    return {
      ...common,
      Type: "bind",
      ...(isPropagation(propagation) ? { BindOptions: { Propagation: propagation } } : {}),
    };
  }
  if (type === "tmpfs") {
    if (tmpfs === undefined) return { ...common, Type: "tmpfs" };
    const TmpfsOptions = {
      SizeBytes: Number(tmpfs["sizeBytes"] ?? 0),
      Mode: Number(tmpfs["mode"] ?? 0),
    };
    return { ...common, Type: "tmpfs", TmpfsOptions };
  }
  if (volume === undefined) return { ...common, Type: "volume" };
  const VolumeOptions = {
    NoCopy: volume["noCopy"] === true,
    Labels: toDockerLabels(volume["labels"]),
    DriverConfig: {
      Name: given(volume["driverName"]) ?? "",
      Options: toTextMap(volume["driverOptions"]),
    },
  };
  return { ...common, Type: "volume", VolumeOptions };
}

function isPropagation(
  value: string | undefined,
): value is "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave" {
  return /^r?(private|shared|slave)$/.test(value ?? "");
}

function healthcheck(value: Value | undefined): HealthConfig | undefined {
  if (!isProperties(value)) return undefined;
  return {
    ...when("Test", texts(value["tests"])),
    Interval: nanoseconds(value["interval"]),
    Timeout: nanoseconds(value["timeout"]),
    StartPeriod: nanoseconds(value["startPeriod"]),
    // Engines before API 1.44 do not know it.
    ...when("StartInterval", nanoseconds(value["startInterval"]) || undefined),
    Retries: Number(value["retries"] ?? 0),
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A duration such as "1m30s" in nanoseconds. */
export function nanoseconds(duration: Value | undefined): number {
  const parts = asText(duration).matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  const total = [...parts].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0),
    0,
  );
  return Math.round(total);
}

function commandOf(value: Value | undefined): string[] | undefined {
  const command = texts(value);
  if (command?.includes("") === true) throw new Error("values for command may not be empty");
  return command;
}

function cgroupnsMode(value: Value | undefined): "private" | "host" | undefined {
  return value === "private" || value === "host" ? value : undefined;
}

function texts(value: Value | undefined): string[] | undefined {
  return Array.isArray(value) ? filled(value.map(asText)) : undefined;
}

function filled<T>(items: T[]): T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function positive(value: Value | undefined): number | undefined {
  return typeof value === "number" && value !== 0 ? value : undefined;
}

function megabytes(value: Value | undefined): number | undefined {
  const count = positive(value);
  return count === undefined ? undefined : count * MEGABYTE;
}

/** The option when there is a value for it, nothing otherwise. */
function when<Name extends string, T>(name: Name, value: T | undefined): Partial<Record<Name, T>> {
  const option: Partial<Record<Name, T>> = {};
  if (value !== undefined) option[name] = value;
  return option;
}
