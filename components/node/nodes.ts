import * as pulumi from "@pulumi/pulumi";
import { requestedPort } from "../config/ports";
import type { Settings } from "../config/settings";
import type { StackId } from "../lib/names";
import { PostgresNode } from "./node";
import { publishedPort } from "./port-resource";

export interface NodesArgs {
  readonly id: StackId;
  readonly settings: Settings;
  /** Engine that publishes the ports. */
  readonly dockerHost: string;
  readonly image: pulumi.Input<string>;
  readonly network: pulumi.Input<string>;
  /**
   * What happens right before the primary's container is replaced: made from what replaces it when it changes, as one
   * text, and from the containers that are replaced before.
   */
  readonly beforePrimary: (
    facts: pulumi.Output<string>,
    after: readonly pulumi.Resource[],
  ) => readonly pulumi.Resource[];
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
  const { id, settings, dockerHost, image, network, beforePrimary } = args;
  const portOf = (index: number) =>
    publishedPort(
      `${name}-${index}-port`,
      {
        requested: requestedPort(settings, index),
        bindAddress: settings.bindAddress,
        dockerHost,
      },
      { parent },
    );
  const node = (
    index: number,
    port: pulumi.Output<number>,
    after: readonly pulumi.Resource[],
  ): PostgresNode =>
    new PostgresNode(
      `${name}-${index}`,
      {
        id,
        index,
        settings,
        image,
        network,
        port,
        after,
      },
      { parent },
    );
  const replicas = Array.from({ length: settings.replicas }, (_, i) =>
    node(i + 1, portOf(i + 1), []),
  );
  const port = portOf(0);
  const before = replicas.map(({ container }) => container);
  const { bindAddress, resources } = settings;
  const facts = pulumi.jsonStringify({
    image,
    network,
    bindAddress,
    port,
    cpus: resources.cpus ?? "",
    shmBytes: resources.shmBytes,
  });
  const primary = node(0, port, [...before, ...beforePrimary(facts, before)]);
  return { primary, replicas, all: [primary, ...replicas] };
}
