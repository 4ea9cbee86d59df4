import * as pulumi from "@pulumi/pulumi";
import { ownUrn } from "../lib/own-urn";
import { sourceVersion } from "../lib/source-version";
import { gateProvider } from "./provider";
import type { GateNode, GatePooler, Health } from "./types";

/** Arguments of {@link HealthGate}. A change of any of them makes a new proof necessary and touches no container. */
export interface HealthGateArgs {
  /** Address of the engine that runs the nodes. */
  dockerHost: pulumi.Input<string>;
  /** All nodes of the cluster, the first primary first. */
  nodes: pulumi.Input<pulumi.Input<{ [K in keyof GateNode]: pulumi.Input<GateNode[K]> }>[]>;
  /** The node that must be the primary, e.g. `pg-0`; empty when roles may move. */
  primary: string;
  /** Password of the role `sav3_gate`. */
  password: pulumi.Input<string>;
  /** Client certificate of `sav3_gate`, PEM. */
  certificate: pulumi.Input<string>;
  /** Its key, PEM. */
  privateKey: pulumi.Input<string>;
  /** Certificates of the authorities to trust, PEM. */
  ca: pulumi.Input<string>;
  /** Their revocation lists, PEM; empty when there are none. */
  crl: pulumi.Input<string>;
  /** Poolers, and who comes through them; left out where there are none. A query through each is part of the proof. */
  pooler?: {
    poolers: pulumi.Input<{ [K in keyof GatePooler]: pulumi.Input<GatePooler[K]> }>[];
    user: string;
    password: pulumi.Input<string>;
    database: string;
  };
  /** Seconds to wait for a healthy cluster. Certain failures end the waiting earlier. */
  timeoutSeconds: pulumi.Input<number>;
  /** Bytes of WAL that a replica may be behind. */
  maxLagBytes: pulumi.Input<number>;
  /** `contentHash` of the cluster's settings: new files are followed by a new proof. */
  settings: pulumi.Input<string>;
}

const version = sourceVersion(__dirname, [
  "types.ts",
  "classify.ts",
  "evaluate.ts",
  "lsn.ts",
  "problem.ts",
  "reach.ts",
  "replication.ts",
  "connection.ts",
  "queries.ts",
  "probe.ts",
  "poolers.ts",
  "prove.ts",
  "report.ts",
  "provider.ts",
  "../lib/container.ts",
  "../lib/engine.ts",
  "../lib/engine-log.ts",
  "../lib/inputs.ts",
  "../pooler/pause.ts",
]);

/**
 * Proves that a cluster works: one writable node, every other streaming from it over TLS through its own slot on the
 * same timeline, and a row written just now read on each. Fails the update otherwise.
 */
export class HealthGate extends pulumi.dynamic.Resource {
  /** What was proven at the last create or update. Live values: `npm run status`. */
  declare readonly health: pulumi.Output<Health>;

  constructor(name: string, args: HealthGateArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      gateProvider,
      name,
      {
        ...args,
        password: pulumi.secret(args.password),
        privateKey: pulumi.secret(args.privateKey),
        ...(args.pooler && {
          pooler: { ...args.pooler, password: pulumi.secret(args.pooler.password) },
        }),
        shownAt: ownUrn("HealthGate", name, opts?.parent),
        version,
        health: undefined,
      },
      opts,
      "sav3",
      "HealthGate",
    );
  }
}
