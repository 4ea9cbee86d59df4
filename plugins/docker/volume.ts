import { bridged } from "../lib/bridged";
import type { ResourceType } from "../lib/resource";
import { type Fields, labels, map, object, text } from "../lib/schema";
import { asText } from "../lib/values";
import { type Engine, patiently, statusOf, unlessGone } from "./engine";
import { fromDockerLabels, toDockerLabels, toTextMap } from "./labels";

/** `docker.Volume`. */
export const volumeFields: Fields = {
  cluster: object({}, { unsupported: true }),
  driver: text({ forceNew: true, computed: true }),
  driverOpts: map({ forceNew: true }),
  labels: labels({ forceNew: true }),
  mountpoint: text({ computed: true, outputOnly: true }),
  name: text({ forceNew: true, computed: true }),
};

/** Volumes. One that exists is taken over as it is; removal waits until nothing uses it. */
export function volumeType(engine: () => Engine): ResourceType {
  return bridged(
    volumeFields,
    { autoNamed: true },
    {
      async create(wanted) {
        const driver = wanted["driver"];
        const volume = await engine().client.createVolume({
          Name: asText(wanted["name"]),
          Labels: toDockerLabels(wanted["labels"]),
          DriverOpts: toTextMap(wanted["driverOpts"]),
          ...(typeof driver === "string" ? { Driver: driver } : {}),
        });
        return volume.name;
      },
      async look(id) {
        const seen = await unlessGone(engine().client.getVolume(id).inspect());
        if (seen === undefined) return undefined;
        return {
          name: seen.Name,
          labels: fromDockerLabels(seen.Labels),
          driver: seen.Driver,
          driverOpts: seen.Options ?? {},
          mountpoint: seen.Mountpoint,
        };
      },
      async remove(id) {
        const volume = engine().client.getVolume(id);
        await patiently(
          () => unlessGone(volume.remove({ force: true })),
          (error) => statusOf(error) === 409,
        );
      },
    },
  );
}
