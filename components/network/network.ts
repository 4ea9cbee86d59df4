import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "../lib/labels";
import { networkName, type StackId } from "../lib/names";

export interface StackNetworkArgs {
  readonly id: StackId;
}

/** The stack's own bridge network. Its addresses are the only ones that replication may come from. */
export class StackNetwork extends pulumi.ComponentResource {
  /** Name of the Docker network. */
  readonly name: pulumi.Output<string>;
  /** IPv4 range, e.g. `172.20.0.0/16`; the engine chooses it. */
  readonly subnet: pulumi.Output<string>;
  /** Address of the engine's host in it, from which published connections seem to come. */
  readonly gateway: pulumi.Output<string>;

  constructor(name: string, { id }: StackNetworkArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:network:StackNetwork", name, {}, opts);
    const network = new docker.Network(
      `${name}-bridge`,
      {
        name: networkName(id),
        driver: "bridge",
        internal: false,
        labels: labels(id, { service: "postgres" }),
      },
      { parent: this, deleteBeforeReplace: true },
    );
    const range = network.ipamConfigs.apply((configs) => ipv4Range(configs));
    this.name = network.name;
    this.subnet = range.subnet;
    this.gateway = range.gateway;
    this.registerOutputs({ name: this.name, subnet: this.subnet, gateway: this.gateway });
  }
}

interface Range {
  readonly subnet: string;
  readonly gateway: string;
}

/** The IPv4 range of a network; engines with IPv6 pools list a second one. */
export function ipv4Range(
  configs: readonly { readonly subnet?: string; readonly gateway?: string }[],
): Range {
  for (const { subnet, gateway } of configs) {
    if (subnet?.includes(".") && gateway) {
      // Some engines write the gateway with a prefix length.
      return { subnet, gateway: gateway.replace(/\/.*$/, "") };
    }
  }
  throw new Error(
    `the network has no IPv4 range with a gateway: ${JSON.stringify(configs)}; ` +
      `check "default-address-pools" of the engine`,
  );
}
