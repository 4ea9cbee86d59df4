import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { builtImage } from "../lib/built-image";
import { PRIMARY_ALIAS, REPLICAS_ALIAS, type StackId } from "../lib/names";
import { POOLER } from "../postgres/roles";
import type { ClusterTls } from "../tls/tls";
import { PoolerFiles } from "./files-resource";
import { renderPgbouncerIni, renderUserlist } from "./pgbouncer-ini";
import { Pooler } from "./pooler";

/** What goes into the image, relative to the project. */
const IMAGE_SOURCES: readonly string[] = ["docker/pgbouncer"];

export interface PoolersArgs {
  readonly id: StackId;
  readonly settings: Settings;
  readonly dockerHost: string;
  /** What to build for, e.g. `linux/arm64`. */
  readonly platform: string;
  /** Id of the base image that all images of the stack are built on. */
  readonly baseId: pulumi.Input<string>;
  /** Network by name. */
  readonly network: pulumi.Input<string>;
}

export interface PoolerFilesSources {
  readonly tls: ClusterTls;
  /** Password of the poolers' own role. */
  readonly password: pulumi.Input<string>;
  /** What has to be in place first. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * PgBouncer twice: one leads to the primary, one to the replicas, or to the primary when there are none. Both wait
 * for their files, which come when the servers know the poolers' role.
 */
export class Poolers extends pulumi.ComponentResource {
  readonly write: Pooler;
  readonly read: Pooler;
  readonly #args: PoolersArgs;
  readonly #name: string;

  constructor(name: string, args: PoolersArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:pooler:Poolers", name, {}, opts);
    const { id, settings, dockerHost, network } = args;
    this.#args = args;
    this.#name = name;
    const image = builtImage(
      `${name}-image`,
      {
        repository: "sav3-postgres/pgbouncer",
        dockerfile: "docker/pgbouncer/Dockerfile",
        sources: IMAGE_SOURCES,
        buildArgs: { BASE_IMAGE: settings.baseImage, IMAGE_REVISION: settings.imageRevision },
        baseId: args.baseId,
        platform: args.platform,
      },
      { parent: this },
    ).imageName;
    const pooler = (kind: "write" | "read") =>
      new Pooler(
        `${name}-${kind}`,
        { id, kind, settings, dockerHost, image, network },
        { parent: this },
      );
    this.write = pooler("write");
    this.read = pooler("read");
    this.registerOutputs({});
  }

  /** Both of them. */
  get all(): readonly Pooler[] {
    return [this.write, this.read];
  }

  /** Those whose clients wait while the primary is away. */
  get ofPrimary() {
    return this.all
      .filter(({ leadsTo }) => leadsTo === "primary")
      .map(({ names, container }) => ({ pooler: names.pooler, containerId: container.id }));
  }

  /** Writes what the poolers work with. */
  settle({ tls, password, after }: PoolerFilesSources): PoolerFiles {
    const { settings, dockerHost } = this.#args;
    return new PoolerFiles(
      `${this.#name}-files`,
      {
        dockerHost,
        poolers: this.all.map(({ leadsTo, names, container }) => ({
          pooler: names.pooler,
          containerId: container.id,
          files: pulumi
            .output({
              ca: tls.caCertificate,
              server: tls.server(names.pooler),
              client: tls.client(POOLER),
              password,
            })
            .apply(({ ca, server, client, password: secret }) => ({
              "pgbouncer.ini": renderPgbouncerIni({
                host: leadsTo === "replica" ? REPLICAS_ALIAS : PRIMARY_ALIAS,
                database: settings.database,
                pooler: settings.pooler,
                tlsMode: settings.tls.mode,
                tlsMinVersion: settings.tls.minVersion,
                servers: leadsTo === "replica" ? settings.replicas : 1,
              }),
              "userlist.txt": renderUserlist(secret),
              "ca.crt": ca,
              "server.crt": server.certificate,
              "server.key": server.privateKey,
              "client.crt": client.certificate,
              "client.key": client.privateKey,
            })),
        })),
        timeoutSeconds: settings.healthTimeoutSeconds,
      },
      { parent: this, dependsOn: [...after] },
    );
  }
}
