import * as docker from "@pulumi/docker";
import { PostgresCluster } from "./components/cluster";
import { keepErrorsPrintable } from "./components/lib/printable-errors";
import { preflight } from "./components/preflight";

keepErrorsPrintable();

/** Configuration and engine are judged first, then everything goes to the one engine. */
export = async () => {
  const plan = await preflight();
  const engine = new docker.Provider("engine", { host: plan.engine.address });
  const cluster = new PostgresCluster("postgres", plan, { providers: { docker: engine } });
  return {
    primaryUri: cluster.primaryUri,
    replicaUris: cluster.replicaUris,
    ...(cluster.pooledUri === undefined ? {} : { pooledUri: cluster.pooledUri }),
    ...(cluster.pooledReadUri === undefined ? {} : { pooledReadUri: cluster.pooledReadUri }),
    ...(cluster.adminUri === undefined ? {} : { adminUri: cluster.adminUri }),
    caCertificate: cluster.caCertificate,
    health: cluster.health,
    nodes: cluster.nodes,
    connection: cluster.connection,
  };
};
