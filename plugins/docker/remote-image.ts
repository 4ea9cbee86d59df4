import path from "node:path";
import { bridged } from "../lib/bridged";
import type { ResourceType } from "../lib/resource";
import {
  type Fields,
  type Property,
  bool,
  int,
  map,
  matching,
  object,
  set,
  text,
} from "../lib/schema";
import { type Properties, asText, given, isProperties } from "../lib/values";
import { type Engine, unlessGone } from "./engine";
import { type Build, buildImage } from "./image/build";
import { ensureImage } from "./image/pull";
import { toTextMap } from "./labels";

const forceNew = true;
const unsupported = true;
const list = (): Property => ({ kind: "list", forceNew, unsupported });
const blocks = (): Property => ({ kind: "list", fields: {}, unsupported });

const buildFields: Fields = {
  additionalContexts: list(),
  authConfigs: blocks(),
  buildArgs: map({ forceNew }),
  buildId: text({ forceNew, unsupported }),
  buildLogFile: text({ forceNew, unsupported }),
  builder: text({ forceNew, check: matching(/^default$/, "default") }),
  cacheFroms: list(),
  cacheTos: list(),
  cgroupParent: text({ forceNew, unsupported }),
  context: text({ forceNew, required: true }),
  cpuPeriod: int({ forceNew, unsupported }),
  cpuQuota: int({ forceNew, unsupported }),
  cpuSetCpus: text({ forceNew, unsupported }),
  cpuSetMems: text({ forceNew, unsupported }),
  cpuShares: int({ forceNew, unsupported }),
  dockerfile: text({ forceNew, default: "Dockerfile" }),
  extraHosts: list(),
  forceRemove: bool({ forceNew, unsupported }),
  isolation: text({ forceNew, unsupported }),
  label: map({ unsupported }),
  labels: map({ forceNew, unsupported }),
  memory: int({ forceNew, unsupported }),
  memorySwap: int({ forceNew, unsupported }),
  networkMode: text({ forceNew, unsupported }),
  noCache: bool({ forceNew, unsupported }),
  platform: text({ forceNew }),
  provenance: text({ forceNew, unsupported }),
  pullParent: bool({ forceNew, unsupported }),
  remoteContext: text({ forceNew, unsupported }),
  remove: bool({ default: true }),
  sbom: text({ forceNew, unsupported }),
  secrets: blocks(),
  securityOpts: list(),
  sessionId: text({ forceNew, unsupported }),
  shmSize: int({ forceNew, unsupported }),
  squash: bool({ forceNew, unsupported }),
  suppressOutput: bool({ forceNew, unsupported }),
  tags: list(),
  target: text({ forceNew }),
  ulimits: blocks(),
  useLegacyBuilder: bool({ forceNew, default: false }),
  version: text({ forceNew, unsupported }),
};

/** `docker.RemoteImage`. */
export const remoteImageFields: Fields = {
  build: object(buildFields),
  forceRemove: bool(),
  imageId: text({ computed: true, outputOnly: true }),
  keepLocally: bool(),
  name: text({ required: true, forceNew: true }),
  platform: text({ forceNew: true }),
  pullTriggers: set({ forceNew: true }),
  repoDigest: text({ computed: true, outputOnly: true }),
  triggers: map({ forceNew: true }),
};

/** Images: built, or pulled unless there; removed with the resource unless `keepLocally`. */
export function remoteImageType(engine: () => Engine): ResourceType {
  const look = async (name: string): Promise<Properties | undefined> => {
    const image = await unlessGone(engine().client.getImage(name).inspect());
    if (image === undefined) return undefined;
    return {
      id: image.Id + name,
      imageId: image.Id,
      repoDigest: repoDigest(name, image.RepoDigests),
    };
  };
  return bridged(
    remoteImageFields,
    {},
    {
      async create(wanted, log) {
        const name = asText(wanted["name"]);
        const { build } = wanted;
        if (isProperties(build)) await buildImage(engine(), toBuild(name, build), log);
        else await ensureImage(engine(), name, given(wanted["platform"]), log);
        return name;
      },
      look: (_id, state) => look(asText(state["name"])),
      async remove(_id, state) {
        if (state["keepLocally"] === true) return;
        const image = engine().client.getImage(asText(state["name"]));
        await unlessGone(image.remove({ force: state["forceRemove"] === true }));
      },
    },
  );
}

/** The Dockerfile of a `RemoteImage` lies in the context, that of an `Image` in the program's folder. */
function toBuild(imageName: string, build: Properties): Build {
  if (build["remove"] === false)
    throw new Error('"build.remove" must be true: false is not supported by this plugin');
  const context = asText(build["context"]);
  return {
    imageName,
    context,
    dockerfile: path.join(context, given(build["dockerfile"]) ?? "Dockerfile"),
    args: toTextMap(build["buildArgs"]),
    platform: given(build["platform"]),
    target: given(build["target"]),
    network: undefined,
    addHosts: [],
    cacheFrom: [],
    buildKit: build["useLegacyBuilder"] === true ? false : undefined,
  };
}

/** The digest the image has in the registry its name points to; empty for an image made here. */
function repoDigest(name: string, digests: readonly string[] | undefined): string {
  const repository = name.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return digests?.find((digest) => digest.startsWith(`${repository}@`)) ?? "";
}
