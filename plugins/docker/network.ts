import { bridged } from "../lib/bridged";
import type { ResourceType } from "../lib/resource";
import { type Fields, bool, labels, map, set, text } from "../lib/schema";
import { orderedSet } from "../lib/sets";
import { type Properties, asText, blocks } from "../lib/values";
import { type Engine, patiently, unlessGone } from "./engine";
import { fromDockerLabels, toDockerLabels, toTextMap } from "./labels";

const ipamFields: Fields = {
  auxAddress: map({ forceNew: true, unsupported: true }),
  gateway: text({ forceNew: true }),
  ipRange: text({ forceNew: true }),
  subnet: text({ forceNew: true }),
};

/** `docker.Network`. */
export const networkFields: Fields = {
  attachable: bool({ forceNew: true }),
  driver: text({ forceNew: true, computed: true }),
  ingress: bool({ forceNew: true }),
  internal: bool({ forceNew: true, computed: true }),
  ipamConfigs: set({ fields: ipamFields, forceNew: true, computed: true }),
  ipamDriver: text({ forceNew: true, default: "default" }),
  ipamOptions: map({ forceNew: true }),
  ipv6: bool({ forceNew: true }),
  labels: labels({ forceNew: true }),
  name: text({ forceNew: true, required: true }),
  options: map({ forceNew: true, computed: true }),
  scope: text({ computed: true, outputOnly: true }),
};

interface IpamConfig {
  Subnet?: string | undefined;
  IPRange?: string | undefined;
  Gateway?: string | undefined;
}

/** Networks. Removal waits until the last container has left. */
export function networkType(engine: () => Engine): ResourceType {
  return bridged(
    networkFields,
    { autoNamed: true },
    {
      async create(wanted) {
        const driver = wanted["driver"];
        const network = await engine().client.createNetwork({
          Name: asText(wanted["name"]),
          // Two networks of one name are allowed to engines, and never wanted.
          CheckDuplicate: true,
          ...(typeof driver === "string" ? { Driver: driver } : {}),
          Internal: wanted["internal"] === true,
          Attachable: wanted["attachable"] === true,
          Ingress: wanted["ingress"] === true,
          EnableIPv6: wanted["ipv6"] === true,
          Labels: toDockerLabels(wanted["labels"]),
          Options: toTextMap(wanted["options"]),
          IPAM: {
            Driver: asText(wanted["ipamDriver"]),
            Options: toTextMap(wanted["ipamOptions"]),
            ...ipamConfig(wanted),
          },
        });
        return network.id;
      },
      async look(id) {
        const seen = await unlessGone(engine().client.getNetwork(id).inspect());
        if (seen === undefined) return undefined;
        return {
          name: seen.Name,
          labels: fromDockerLabels(seen.Labels),
          driver: seen.Driver,
          internal: seen.Internal,
          attachable: seen.Attachable,
          ingress: seen.Ingress,
          ipv6: seen.EnableIPv6,
          ipamDriver: seen.IPAM?.Driver ?? "default",
          ipamOptions: seen.IPAM?.Options ?? {},
          ipamConfigs: orderedSet((seen.IPAM?.Config ?? []).map(fromIpamConfig), ipamFields),
          options: toOptions(seen.Options),
          scope: seen.Scope,
        };
      },
      async remove(id) {
        const network = engine().client.getNetwork(id);
        await patiently(
          () => unlessGone(network.remove()),
          (error) => error instanceof Error && error.message.includes("has active endpoints"),
        );
      },
    },
  );
}

/** The client's types have options always; engines leave them out for some networks. */
function toOptions(options: Record<string, string> | null | undefined): Properties {
  return options ?? {};
}

function ipamConfig(wanted: Properties): { Config?: Record<string, string>[] } {
  const configs = wanted["ipamConfigs"];
  if (!Array.isArray(configs)) return {};
  return {
    Config: blocks(configs).map(({ subnet, ipRange, gateway }) =>
      toTextMap({
        ...(subnet === "" ? {} : { Subnet: subnet ?? "" }),
        ...(ipRange === "" ? {} : { IPRange: ipRange ?? "" }),
        ...(gateway === "" ? {} : { Gateway: gateway ?? "" }),
      }),
    ),
  };
}

function fromIpamConfig(config: IpamConfig): Properties {
  return {
    auxAddress: {},
    gateway: config.Gateway ?? "",
    ipRange: config.IPRange ?? "",
    subnet: config.Subnet ?? "",
  };
}
