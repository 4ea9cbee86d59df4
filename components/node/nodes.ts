import type * as pulumi from "@pulumi/pulumi";
import { requestedPort } from "../config/ports";
import type { Settings } from "../config/settings";
import type { StackId } from "../lib/names";
import { PostgresNode } from "./node";
import { Port } from "./port-resource";

export interface NodesArgs {
  readonly id: StackId;
  readonly settings: Settings;
  /** Engine that publishes the ports. */
  readonly dockerHost: string;
  readonly image: pulumi.Input<string>;
  readonly network: pulumi.Input<string>;
}

/** The servers of a cluster. */
export interface Nodes {
  /** `pg-0`, the first primary. */
  readonly primary: PostgresNode;
  /** `pg-1` to `pg-N`. */
  readonly replicas: readonly PostgresNode[];
  /** All of them, the primary first. */
  readonly all: readonly PostgresNode[];
}

/**
 * Makes a primary and its replicas. Whatever replaces containers replaces the replicas' first: they are back before
 * their primary goes, and when everything is destroyed the primary stops first, with its replicas there to receive
 * its last WAL.
 */
export function createNodes(name: string, args: NodesArgs, parent: pulumi.Resource): Nodes {
  const { id, settings, dockerHost, image, network } = args;
  const node = (index: number, after: readonly PostgresNode[]): PostgresNode => {
    const requested = requestedPort(settings, index);
    const port =
      requested === 0
        ? new Port(
            `${name}-${index}-port`,
            { requested, bindAddress: settings.bindAddress, dockerHost },
            { parent },
          ).port
        : requested;
    return new PostgresNode(
      `${name}-${index}`,
      {
        id,
        index,
        settings,
        image,
        network,
        port,
        after: after.map(({ container }) => container),
      },
      { parent },
    );
  };
  const replicas = Array.from({ length: settings.replicas }, (_, i) => node(i + 1, []));
  const primary = node(0, replicas);
  return { primary, replicas, all: [primary, ...replicas] };
}
