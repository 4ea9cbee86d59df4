import * as pulumi from "@pulumi/pulumi";
import {
  commandConnection,
  connectionUris,
  gateNodes,
  gatePoolers,
  nodeSummaries,
  type NodeSummary,
} from "./connection";
import { Credentials } from "./credentials/credentials";
import { HealthGate } from "./health/resource";
import type { Health } from "./health/types";
import { writeCaFile, writeCrlFile } from "./lib/ca-file";
import { STOP_GRACE_SECONDS } from "./lib/container-options";
import { nodeNames, physicalPrefix, poolerNames } from "./lib/names";
import { StackNetwork } from "./network/network";
import { nodeFiles } from "./node/files";
import { NodeImage } from "./node/image";
import { networkAliases } from "./node/node";
import { createNodes, type Nodes } from "./node/nodes";
import { ClusterSettings } from "./node/settings-resource";
import { Poolers } from "./pooler/poolers";
import { PrimaryPause } from "./pooler/primary-pause";
import { POOLER } from "./postgres/roles";
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
  /** The same as `primaryUri` through the pooler; undefined unless `pooler.enabled`. Secret. */
  readonly pooledUri: pulumi.Output<string> | undefined;
  /** Through the pooler to the replicas in turn, to the primary when there are none. Secret. */
  readonly pooledReadUri: pulumi.Output<string> | undefined;
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
      {
        given: settings.credentials,
        rotation: settings.rotation,
        pooler: settings.pooler.enabled,
      },
      child,
    );
    const tls = new ClusterTls(
      `${name}-tls`,
      {
        stack: id.stack,
        settings: settings.tls,
        rotation: settings.rotation,
        bindAddress: settings.bindAddress,
        nodes: certifiedServers(plan),
        clients: ["replicator", "sav3_gate", ...(settings.pooler.enabled ? [POOLER] : [])],
      },
      child,
    );
    const poolers = settings.pooler.enabled
      ? new Poolers(
          `${name}-pooler`,
          {
            id,
            settings,
            dockerHost: engine.address,
            platform: engine.platform,
            baseId: image.baseId,
            network: network.name,
          },
          child,
        )
      : undefined;
    const nodes = createNodes(
      name,
      {
        id,
        settings,
        dockerHost: engine.address,
        image: image.imageName,
        network: network.name,
        beforePrimary: (facts, after) =>
          poolers === undefined
            ? []
            : [
                new PrimaryPause(
                  `${name}-pooler-pause`,
                  { dockerHost: engine.address, poolers: poolers.ofPrimary, container: facts },
                  { ...child, dependsOn: [...after] },
                ),
              ],
      },
      this,
    );
    const written = new ClusterSettings(
      `${name}-settings`,
      {
        dockerHost: engine.address,
        nodes: filesOfNodes(plan, { network, credentials, tls, nodes }),
        poolers: poolers?.ofPrimary ?? [],
        restartGraceSeconds: STOP_GRACE_SECONDS,
        timeoutSeconds: settings.healthTimeoutSeconds,
      },
      child,
    );
    const pooled = poolers?.settle({ tls, password: credentials.pooler, after: [written] });
    const gatePooler = gatePoolers(plan, poolers, credentials);
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
        settings: pulumi.concat(written.contentHash, pooled?.contentHash ?? ""),
        ...(gatePooler && { pooler: gatePooler }),
      },
      child,
    );

    const parts = { plan, nodes, poolers, credentials, tls };
    const uris = connectionUris(parts);
    this.primaryUri = uris.primaryUri;
    this.replicaUris = uris.replicaUris;
    this.pooledUri = uris.pooledUri;
    this.pooledReadUri = uris.pooledReadUri;
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
    this.connection = commandConnection(parts);
    this.registerOutputs({ health: this.health });
  }
}

/** The names that each server's certificate is made for. */
function certifiedServers({ id, settings }: Plan) {
  const nodes = Array.from({ length: settings.replicas + 1 }, (_, index) => {
    const names = nodeNames(id, index);
    return { node: names.node, names: networkAliases(names).slice(1) };
  });
  const poolers = (["write", "read"] as const).map((kind) => ({
    node: poolerNames(id, kind).pooler,
    names: [],
  }));
  return settings.pooler.enabled ? [...nodes, ...poolers] : nodes;
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
  const { postgres, replicator, owner, gate, pooler } = credentials;
  return nodes.all.map((node) => ({
    node: node.node,
    containerId: node.container.id,
    files: pulumi
      .output({
        subnet: network.subnet,
        gateway: network.gateway,
        passwords: { postgres, replicator, owner, gate, pooler },
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
