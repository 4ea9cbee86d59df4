import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "./credentials/credentials";
import { caFile } from "./lib/ca-file";
import type { Nodes } from "./node/nodes";
import type { PostgresNode } from "./node/node";
import { SUPERUSER } from "./postgres/roles";
import { connectionUri, reachableAddress } from "./postgres/uri";
import type { Plan } from "./preflight";
import type { ClusterTls } from "./tls/tls";

/** One node in the cluster's outputs. */
export interface NodeSummary {
  readonly node: string;
  readonly container: string;
  /** Published address, e.g. `127.0.0.1:5432`. */
  readonly address: string;
}

export interface ConnectionArgs {
  readonly plan: Plan;
  readonly nodes: Nodes;
  readonly credentials: Credentials;
  readonly tls: ClusterTls;
}

/** A node as the gate and the commands look for it. */
export function gateNodes(plan: Plan, nodes: Nodes) {
  return nodes.all.map((node) => ({
    node: node.node,
    containerId: node.container.id,
    containerName: node.names.container,
    address: plan.settings.bindAddress,
    port: node.port,
    slot: node === nodes.primary ? "" : node.names.slot,
  }));
}

/** Connection URIs for applications and, where allowed, for the superuser. All secret. */
export function connectionUris({ plan, nodes, credentials }: ConnectionArgs) {
  const { id, settings } = plan;
  const uri = (
    node: PostgresNode,
    user: string,
    password: pulumi.Output<string>,
    database: string,
  ) =>
    pulumi.secret(
      pulumi.all([node.port, password]).apply(([port, secret]) =>
        connectionUri({
          user,
          password: secret,
          host: reachableAddress(settings.bindAddress),
          port,
          database,
          parameters: { sslmode: "verify-full", sslrootcert: caFile(id.stack) },
        }),
      ),
    );
  const application = (node: PostgresNode) =>
    uri(node, settings.owner, credentials.owner, settings.database);
  return {
    primaryUri: application(nodes.primary),
    replicaUris: pulumi.secret(pulumi.all(nodes.replicas.map(application))),
    adminUri: settings.superuserAccess
      ? uri(nodes.primary, SUPERUSER, credentials.postgres, SUPERUSER)
      : undefined,
  };
}

/** Which node is where; nothing secret. */
export function nodeSummaries(plan: Plan, nodes: Nodes): pulumi.Output<NodeSummary[]> {
  const host = reachableAddress(plan.settings.bindAddress);
  return pulumi.output(
    nodes.all.map(({ node, names, port }) => ({
      node,
      container: names.container,
      address: pulumi.interpolate`${host.includes(":") ? `[${host}]` : host}:${port}`,
    })),
  );
}

/** What the project's own commands need to look at the cluster as the gate does. Secret. */
export function commandConnection({ plan, nodes, credentials, tls }: ConnectionArgs) {
  const { id, settings, engine } = plan;
  return pulumi.secret({
    dockerHost: engine.address,
    project: id.project,
    stack: id.stack,
    primary: nodes.primary.node,
    nodes: gateNodes(plan, nodes),
    gate: { password: credentials.gate, ...tls.client("sav3_gate") },
    ca: tls.caCertificate,
    crl: tls.revocations,
    database: settings.database,
    owner: settings.owner,
    ownerPassword: credentials.owner,
    maxLagBytes: settings.maxReplicationLagBytes,
  });
}
