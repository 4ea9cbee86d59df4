import * as pulumi from "@pulumi/pulumi";
import type { Credentials } from "./credentials/credentials";
import { caFile } from "./lib/ca-file";
import type { Nodes } from "./node/nodes";
import type { PostgresNode } from "./node/node";
import type { Pooler } from "./pooler/pooler";
import type { Poolers } from "./pooler/poolers";
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
  readonly poolers: Poolers | undefined;
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

/** The poolers as the gate and the commands look for them, and who comes through them. */
export function gatePoolers(
  { settings }: Plan,
  poolers: Poolers | undefined,
  credentials: Credentials,
) {
  if (poolers === undefined) return undefined;
  return {
    poolers: poolers.all.map(({ leadsTo, names, container, port }) => ({
      pooler: names.pooler,
      containerId: container.id,
      containerName: names.container,
      address: settings.bindAddress,
      port,
      leadsTo,
    })),
    user: settings.owner,
    password: credentials.owner,
    database: settings.database,
  };
}

/** Connection URIs for applications and, where allowed, for the superuser. All secret. */
export function connectionUris({ plan, nodes, poolers, credentials }: ConnectionArgs) {
  const { id, settings } = plan;
  const uri = (
    node: PostgresNode | Pooler,
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
  const application = (node: PostgresNode | Pooler) =>
    uri(node, settings.owner, credentials.owner, settings.database);
  return {
    primaryUri: application(nodes.primary),
    replicaUris: pulumi.secret(pulumi.all(nodes.replicas.map(application))),
    pooledUri: poolers && application(poolers.write),
    pooledReadUri: poolers && application(poolers.read),
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
export function commandConnection({ plan, nodes, poolers, credentials, tls }: ConnectionArgs) {
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
    pooler: gatePoolers(plan, poolers, credentials),
    maxLagBytes: settings.maxReplicationLagBytes,
  });
}
