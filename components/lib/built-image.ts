import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";

export interface BuiltImageArgs {
  /** Name without tag, e.g. `sav3-postgres/node`. */
  readonly repository: string;
  /** Path of the Dockerfile in the project. */
  readonly dockerfile: string;
  /** What goes into the image, relative to the project; `.dockerignore` admits exactly this. */
  readonly sources: readonly string[];
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Id of the base image. */
  readonly baseId: pulumi.Input<string>;
  /** What to build for, e.g. `linux/arm64`: the engine's own. */
  readonly platform: string;
}

/**
 * An image named by what it is made of: sources, base image, build arguments. A change of any gives it another name,
 * which replaces the containers once; nothing else does.
 */
export function builtImage(
  name: string,
  args: BuiltImageArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Image {
  const { repository, dockerfile, buildArgs, platform } = args;
  const sources = readSources(".", args.sources);
  return new docker.Image(
    name,
    {
      imageName: pulumi
        .output(args.baseId)
        .apply(
          (baseId) => `${repository}:${contentTag(sources, { ...buildArgs, baseId, platform })}`,
        ),
      build: { context: ".", dockerfile, platform, args: { ...buildArgs } },
      skipPush: true,
    },
    opts,
  );
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
