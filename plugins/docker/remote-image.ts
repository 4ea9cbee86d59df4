import { bridged } from "../lib/bridged";
import type { ResourceType } from "../lib/resource";
import { type Fields, bool, map, object, set, text } from "../lib/schema";
import type { Properties } from "../lib/values";
import { type Engine, unlessGone } from "./engine";

/** `docker.RemoteImage`, without its build. */
export const remoteImageFields: Fields = {
  build: object({}, { unsupported: true }),
  forceRemove: bool(),
  imageId: text({ computed: true, outputOnly: true }),
  keepLocally: bool(),
  name: text({ required: true, forceNew: true }),
  platform: text({ forceNew: true }),
  pullTriggers: set({ forceNew: true }),
  repoDigest: text({ computed: true, outputOnly: true }),
  triggers: map({ forceNew: true }),
};

/** Images that come from elsewhere: pulled unless there; removed with the resource unless `keepLocally`. */
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
        const name = String(wanted["name"]);
        if ((await look(name)) === undefined)
          await pull(engine(), name, wanted["platform"], log.status);
        return name;
      },
      look: (_id, state) => look(String(state["name"])),
      async remove(_id, state) {
        if (state["keepLocally"] === true) return;
        const image = engine().client.getImage(String(state["name"]));
        await unlessGone(image.remove({ force: state["forceRemove"] === true }));
      },
    },
  );
}

async function pull(
  engine: Engine,
  name: string,
  platform: Properties[string] | undefined,
  tell: (line: string) => void,
): Promise<void> {
  const options = typeof platform === "string" && platform !== "" ? { platform } : {};
  // Without a tag the engine would pull every one of them.
  const reference = /[@:][^/]*$/.test(name) ? name : `${name}:latest`;
  try {
    const stream = await engine.client.pull(reference, options);
    await new Promise<void>((resolve, reject) => {
      engine.client.modem.followProgress(
        stream,
        (error) => {
          if (error === null) resolve();
          else reject(error);
        },
        (event: { status?: string; id?: string }) => {
          tell(`${event.status ?? ""} ${event.id ?? ""}`.trim());
        },
      );
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`error pulling image ${name}: ${message}`, { cause: error });
  }
}

/** The digest the image has in the registry its name points to; empty for an image made here. */
function repoDigest(name: string, digests: readonly string[] | undefined): string {
  const repository = name.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return digests?.find((digest) => digest.startsWith(`${repository}@`)) ?? "";
}
