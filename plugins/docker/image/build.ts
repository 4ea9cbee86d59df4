import type { Log } from "../../lib/resource";
import { docker } from "../cli";
import type { Engine } from "../engine";

/** What to build; paths are relative to the program's folder. */
export interface Build {
  readonly imageName: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly platform: string | undefined;
  readonly target: string | undefined;
  readonly network: string | undefined;
  readonly addHosts: readonly string[];
  readonly cacheFrom: readonly string[];
  /** The classic builder or BuildKit; undefined: BuildKit where the docker CLI has it. */
  readonly buildKit: boolean | undefined;
}

/** Lines of output that an error quotes. */
const QUOTED_LINES = 25;

/**
 * Builds with the docker CLI, which sends the context to the engine, local or not, and obeys .dockerignore.
 * Each line of output becomes the resource's status; a failed build quotes the last ones.
 */
export async function buildImage(engine: Engine, build: Build, log: Log): Promise<void> {
  const buildKit = build.buildKit ?? (await hasBuildx(engine));
  const environment = {
    ...engine.environment,
    DOCKER_BUILDKIT: buildKit ? "1" : "0",
    DOCKER_CLI_HINTS: "false",
    ...(buildKit ? { BUILDKIT_PROGRESS: "plain" } : {}),
  };
  log.status("Starting Docker build");
  const { code, lines } = await docker(buildArguments(build), environment, log.status);
  if (code !== 0) {
    const output = lines.slice(-QUOTED_LINES).join("\n");
    throw new Error(
      `error building image ${build.imageName} (exit code ${String(code)}):\n${output}`,
    );
  }
}

/** The command line after `docker`. */
export function buildArguments(build: Build): string[] {
  const option = (name: string, value: string | undefined): string[] =>
    value === undefined || value === "" ? [] : [`--${name}`, value];
  return [
    "build",
    ...option("file", build.dockerfile),
    ...option("tag", build.imageName),
    ...option("platform", build.platform),
    ...option("target", build.target),
    ...option("network", build.network),
    ...Object.entries(build.args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...build.addHosts.flatMap((host) => ["--add-host", host]),
    ...build.cacheFrom.flatMap((image) => ["--cache-from", image]),
    build.context,
  ];
}

async function hasBuildx(engine: Engine): Promise<boolean> {
  const { code } = await docker(["buildx", "version"], engine.environment);
  return code === 0;
}
