import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Settings } from "../config/settings";

/** What goes into the image, relative to the project; `.dockerignore` admits exactly this. */
export const IMAGE_SOURCES: readonly string[] = [
  "docker/postgres",
  "scripts/replica-entrypoint.sh",
];

const REPOSITORY = "sav3-postgres/node";
const DOCKERFILE = "docker/postgres/Dockerfile";

export interface NodeImageArgs {
  readonly settings: Pick<Settings, "baseImage" | "postgresVersion" | "imageRevision">;
  /** What to build for, e.g. `linux/arm64`: the engine's own. */
  readonly platform: string;
}

/**
 * The image of every node, named by what it is made of: sources, base image, major version, revision. A change of any
 * gives it another name, which replaces the containers once; nothing else does.
 */
export class NodeImage extends pulumi.ComponentResource {
  /** Name with tag, e.g. `sav3-postgres/node:0123456789abcdef`; known once the image is there. */
  readonly imageName: pulumi.Output<string>;

  constructor(name: string, args: NodeImageArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("sav3:node:NodeImage", name, {}, opts);
    const { settings, platform } = args;
    const base = new docker.RemoteImage(
      `${name}-base`,
      // Other stacks and programs use it too, so destroy leaves it.
      { name: settings.baseImage, keepLocally: true },
      { parent: this },
    );
    const buildArgs = {
      BASE_IMAGE: settings.baseImage,
      POSTGRES_MAJOR: settings.postgresVersion,
      IMAGE_REVISION: settings.imageRevision,
    };
    const sources = readSources(".", IMAGE_SOURCES);
    const built = new docker.Image(
      `${name}-build`,
      {
        imageName: base.imageId.apply(
          (baseId) => `${REPOSITORY}:${contentTag(sources, { ...buildArgs, baseId, platform })}`,
        ),
        build: { context: ".", dockerfile: DOCKERFILE, platform, args: buildArgs },
        skipPush: true,
      },
      { parent: this },
    );
    this.imageName = built.imageName;
    this.registerOutputs({ imageName: this.imageName });
  }
}

/** Files with their content, path relative to the root with forward slashes, sorted by path. */
export function readSources(
  root: string,
  sources: readonly string[],
): readonly (readonly [path: string, content: string])[] {
  const files = sources.flatMap((source) => filesBelow(join(root, source)));
  return files
    .map((file) => [relative(root, file).split(sep).join("/"), readFileSync(file, "utf8")] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((entry) => filesBelow(join(path, entry)));
}

/** First 16 hex digits of the hash over everything that goes into an image. */
export function contentTag(
  sources: readonly (readonly [path: string, content: string])[],
  args: Readonly<Record<string, string>>,
): string {
  return createHash("sha256")
    .update(JSON.stringify([sources, args]))
    .digest("hex")
    .slice(0, 16);
}
