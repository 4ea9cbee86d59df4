import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings";
import { builtImage } from "../lib/built-image";

/** What goes into the image, relative to the project. */
export const IMAGE_SOURCES: readonly string[] = [
  "docker/postgres",
  "scripts/replica-entrypoint.sh",
];

export interface NodeImageArgs {
  readonly settings: Pick<Settings, "baseImage" | "postgresVersion" | "imageRevision">;
  /** What to build for, e.g. `linux/arm64`: the engine's own. */
  readonly platform: string;
}

/** The image of every node, named by its content, on top of the base that all images of the stack share. */
export class NodeImage extends pulumi.ComponentResource {
  /** Name with tag, e.g. `sav3-postgres/node:0123456789abcdef`; known once the image is there. */
  readonly imageName: pulumi.Output<string>;
  /** Id of the base image. */
  readonly baseId: pulumi.Output<string>;

  constructor(name: string, args: NodeImageArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:node:NodeImage", name, {}, opts);
    const { settings, platform } = args;
    const base = new docker.RemoteImage(
      `${name}-base`,
      // Other stacks and programs use it too, so destroy leaves it.
      { name: settings.baseImage, keepLocally: true },
      { parent: this },
    );
    const built = builtImage(
      `${name}-build`,
      {
        repository: "sav3-postgres/node",
        dockerfile: "docker/postgres/Dockerfile",
        sources: IMAGE_SOURCES,
        buildArgs: {
          BASE_IMAGE: settings.baseImage,
          POSTGRES_MAJOR: settings.postgresVersion,
          IMAGE_REVISION: settings.imageRevision,
        },
        baseId: base.imageId,
        platform,
      },
      { parent: this },
    );
    this.imageName = built.imageName;
    this.baseId = base.imageId;
    this.registerOutputs({ imageName: this.imageName });
  }
}
