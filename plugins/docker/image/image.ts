import { existsSync } from "node:fs";
import path from "node:path";
import type { CheckAnswer, Log, ResourceType } from "../../lib/resource";
import type { Change, Difference } from "../../lib/diff";
import {
  type Properties,
  type Value,
  UNKNOWN,
  asText,
  hasUnknown,
  isProperties,
  sameValue,
  secret,
} from "../../lib/values";
import { toTextMap } from "../labels";
import type { Engine } from "../engine";
import { type Build, buildImage } from "./build";
import { contextDigest } from "./digest";

const INPUTS = new Set(["build", "buildOnPreview", "imageName", "skipPush"]);
const BUILD_INPUTS = new Set([
  "addHosts",
  "args",
  "builderVersion",
  "cacheFrom",
  "context",
  "contextDigest",
  "dockerfile",
  "network",
  "platform",
  "target",
]);

/**
 * `docker.Image`: built on the engine from a folder, never pushed. Any change builds again in place; an
 * image is left where it is when its resource goes.
 */
export function imageType(engine: () => Engine): ResourceType {
  const build = async (inputs: Properties, log: Log): Promise<Properties> => {
    const wanted = toBuild(inputs);
    await buildImage(engine(), wanted, log);
    const image = await engine().client.getImage(wanted.imageName).inspect();
    return {
      __inputs: secret(inputs),
      baseImageName: wanted.imageName,
      context: wanted.context,
      dockerfile: path.relative(wanted.context, wanted.dockerfile).replaceAll("\\", "/"),
      imageName: wanted.imageName,
      platform: wanted.platform ?? "",
      registryServer: "",
      repoDigest: image.Id,
    };
  };
  return {
    check: ({ news, log }) => checkImage(news, log),
    diff: ({ olds, news }) =>
      diffImage(isProperties(olds["__inputs"]) ? olds["__inputs"] : {}, news),
    async create({ inputs, preview, log }) {
      if (preview && !buildsInPreview(inputs)) return { id: "", properties: inputs };
      return { id: asText(inputs["imageName"]), properties: await build(inputs, log) };
    },
    // An image that was removed is not missed here: the container that needs it says so.
    read: ({ id, inputs, properties }) => Promise.resolve({ id, inputs, properties }),
    async update({ inputs, preview, log }) {
      if (preview && !buildsInPreview(inputs)) return inputs;
      return build(inputs, log);
    },
    delete: () => Promise.resolve(),
  };
}

/** Fills in context, Dockerfile, platform and the digest of the context; refuses what is not supported. */
export function checkImage(news: Properties, log: Log): CheckAnswer {
  const unsupported = [
    ...Object.keys(news).filter((name) => !INPUTS.has(name)),
    ...Object.keys(isProperties(news["build"]) ? news["build"] : {})
      .filter((name) => !BUILD_INPUTS.has(name))
      .map((name) => `build.${name}`),
  ];
  const failures = unsupported.map((property) => ({
    property,
    reason: `"${property}" is not supported by this plugin`,
  }));
  if (news["skipPush"] !== true && news["skipPush"] !== UNKNOWN) {
    failures.push({
      property: "skipPush",
      reason: '"skipPush" must be true: this plugin does not push',
    });
  }
  const inputs: Properties = { ...news, buildOnPreview: news["buildOnPreview"] === true };
  if (failures.length > 0 || news["build"] === UNKNOWN) return { inputs, failures };

  const build: Properties = isProperties(news["build"]) ? { ...news["build"] } : {};
  const context = build["context"] ?? ".";
  const dockerfile =
    build["dockerfile"] ??
    (typeof context === "string" && context !== UNKNOWN
      ? path.posix.join(context, "Dockerfile")
      : UNKNOWN);
  build["context"] = context;
  build["dockerfile"] = dockerfile;
  if (
    typeof context === "string" &&
    typeof dockerfile === "string" &&
    !hasUnknown([context, dockerfile])
  ) {
    if (existsSync(dockerfile)) build["contextDigest"] = contextDigest(context, dockerfile);
    else
      failures.push({
        property: "build.dockerfile",
        reason: missingDockerfile(context, dockerfile),
      });
  }
  if (build["platform"] === undefined) {
    build["platform"] = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
    log("info", `Building your image for ${build["platform"]} architecture.`);
  }
  return { inputs: { ...inputs, build }, failures };
}

function missingDockerfile(context: string, dockerfile: string): string {
  const inContext = path.posix.join(context, dockerfile);
  const hint = existsSync(inContext) ? `. Try setting \`dockerfile\` to "${inContext}"` : "";
  return `could not open dockerfile at relative path "${dockerfile}"${hint}`;
}

/** Images are compared by their inputs, top level only, and never replaced. */
export function diffImage(olds: Properties, news: Properties): Difference {
  const detail: Record<string, Change> = {};
  for (const name of [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort()) {
    const [before, after] = [olds[name], news[name]];
    if (sameValue(before, after)) continue;
    detail[name] = before === undefined ? "ADD" : after === undefined ? "DELETE" : "UPDATE";
  }
  const changed = Object.keys(detail).length > 0;
  return {
    changed,
    replaces: [],
    stables: [],
    diffs: [],
    detail: changed ? detail : undefined,
    deleteBeforeReplace: false,
  };
}

function buildsInPreview(inputs: Properties): boolean {
  return inputs["buildOnPreview"] === true && !hasUnknown(inputs);
}

function toBuild(inputs: Properties): Build {
  const build = isProperties(inputs["build"]) ? inputs["build"] : {};
  const cache = isProperties(build["cacheFrom"]) ? build["cacheFrom"]["images"] : undefined;
  return {
    imageName: asText(inputs["imageName"]),
    context: optional(build["context"]) ?? ".",
    dockerfile: optional(build["dockerfile"]) ?? "Dockerfile",
    args: toTextMap(build["args"]),
    platform: optional(build["platform"]),
    target: optional(build["target"]),
    network: optional(build["network"]),
    addHosts: texts(build["addHosts"]),
    cacheFrom: texts(cache),
    buildKit: builder(build["builderVersion"]),
  };
}

function builder(version: Value | undefined): boolean | undefined {
  if (version === undefined || version === null) return undefined;
  if (version === "BuilderV1") return false;
  if (version === "BuilderBuildKit") return true;
  throw new Error("invalid Docker Builder version");
}

function optional(value: Value | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.map(asText) : [];
}
