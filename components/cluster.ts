import * as pulumi from "@pulumi/pulumi";
import {
  commandConnection,
  connectionUris,
  gateNodes,
  nodeSummaries,
  type NodeSummary,
} from "./connection";
import { Credentials } from "./credentials/credentials";
import { HealthGate } from "./health/resource";
import type { Health } from "./health/types";
import { writeCaFile, writeCrlFile } from "./lib/ca-file";
import { STOP_GRACE_SECONDS } from "./lib/container-options";
import { nodeNames, physicalPrefix } from "./lib/names";
import { StackNetwork } from "./network/network";
import { nodeFiles } from "./node/files";
import { NodeImage } from "./node/image";
import { createNodes, type Nodes } from "./node/nodes";
import { ClusterSettings } from "./node/settings-resource";
import type { Plan } from "./preflight";
import { ClusterTls } from "./tls/tls";

/**
 * A PostgreSQL primary with streaming replicas on one Docker engine. It is done when the gate has proven that a row
 * written on the primary arrives on every replica.
 */
export class PostgresCluster extends pulumi.ComponentResource {
  /** Where applications write: role `owner`, verified TLS. Secret. */
  readonly primaryUri: pulumi.Output<string>;
  /** Where applications may read, replica 1 first. Secret. */
  readonly replicaUris: pulumi.Output<string[]>;
  /** The superuser's way in; undefined unless `superuserAccess`. Secret. */
  readonly adminUri: pulumi.Output<string> | undefined;
  /** Whom clients trust, PEM. Also written where the URIs' `sslrootcert` points. */
  readonly caCertificate: pulumi.Output<string>;
  /** What was proven at the last create or update. */
  readonly health: pulumi.Output<Health>;
  readonly nodes: pulumi.Output<NodeSummary[]>;
  /** What the project's own commands need. Secret. */
  readonly connection: pulumi.Output<object>;

  constructor(name: string, plan: Plan, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:index:PostgresCluster", name, {}, opts);
    const { id, settings, engine } = plan;
    const child = { parent: this };

    const image = new NodeImage(`${name}-image`, { settings, platform: engine.platform }, child);
    const network = new StackNetwork(`${name}-network`, { id }, child);
    const credentials = new Credentials(
      `${name}-credentials`,
      { given: settings.credentials, rotation: settings.rotation },
      child,
    );
    const tls = new ClusterTls(
      `${name}-tls`,
      {
        stack: id.stack,
        settings: settings.tls,
        rotation: settings.rotation,
        bindAddress: settings.bindAddress,
        nodes: certifiedNodes(plan),
      },
      child,
    );
    const nodes = createNodes(
      name,
      {
        id,
        settings,
        dockerHost: engine.address,
        image: image.imageName,
        network: network.name,
      },
      this,
    );
    const written = new ClusterSettings(
      `${name}-settings`,
      {
        dockerHost: engine.address,
        nodes: filesOfNodes(plan, { network, credentials, tls, nodes }),
        restartGraceSeconds: STOP_GRACE_SECONDS,
        timeoutSeconds: settings.healthTimeoutSeconds,
      },
      child,
    );
    const gate = new HealthGate(
      `${name}-gate`,
      {
        dockerHost: engine.address,
        nodes: gateNodes(plan, nodes),
        primary: nodes.primary.node,
        password: credentials.gate,
        ...tls.client("sav3_gate"),
        ca: tls.caCertificate,
        crl: tls.revocations,
        timeoutSeconds: settings.healthTimeoutSeconds,
        maxLagBytes: settings.maxReplicationLagBytes,
        settings: written.contentHash,
      },
      child,
    );

    const uris = connectionUris({ plan, nodes, credentials, tls });
    this.primaryUri = uris.primaryUri;
    this.replicaUris = uris.replicaUris;
    this.adminUri = uris.adminUri;
    this.caCertificate = pulumi
      .all([tls.caCertificate, tls.revocations])
      .apply(([certificate, lists]) => {
        if (!pulumi.runtime.isDryRun()) {
          writeCaFile(id.stack, certificate);
          writeCrlFile(id.stack, lists);
        }
        return certificate;
      });
    this.health = gate.health;
    this.nodes = nodeSummaries(plan, nodes);
    this.connection = commandConnection({ plan, nodes, credentials, tls });
    this.registerOutputs({ health: this.health });
  }
}

/** The names that each node's certificate is made for. */
function certifiedNodes({ id, settings }: Plan) {
  return Array.from({ length: settings.replicas + 1 }, (_, index) => {
    const { node, alias } = nodeNames(id, index);
    return { node, names: [alias] };
  });
}

interface FileSources {
  readonly network: StackNetwork;
  readonly credentials: Credentials;
  readonly tls: ClusterTls;
  readonly nodes: Nodes;
}

/** What each node finds in its config volume. */
function filesOfNodes(plan: Plan, { network, credentials, tls, nodes }: FileSources) {
  const { id, settings, initSql } = plan;
  const { postgres, replicator, owner, gate } = credentials;
  return nodes.all.map((node) => ({
    node: node.node,
    containerId: node.container.id,
    files: pulumi
      .output({
        subnet: network.subnet,
        gateway: network.gateway,
        passwords: { postgres, replicator, owner, gate },
        caCertificate: tls.caCertificate,
        revocations: tls.revocations,
        server: tls.server(node.node),
        replicationClient: tls.client("replicator"),
      })
      .apply((values) =>
        nodeFiles({
          ...values,
          names: node.names,
          cluster: physicalPrefix(id),
          settings,
          slots: nodes.replicas.map(({ names }) => names.slot),
          initSql,
        }),
      ),
  }));
}
