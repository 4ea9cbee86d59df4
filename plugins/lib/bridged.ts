import { autoName } from "./autoname";
import { checkInputs } from "./check";
import { type DiffOptions, diffState } from "./diff";
import { inputsFromState } from "./inputs";
import { createdState, planState, readState, settled, updatedState } from "./plan";
import type { Log, ResourceType } from "./resource";
import type { Fields } from "./schema";
import { type Properties, UNKNOWN } from "./values";

/** What a resource type does with the engine it lives on; everything else follows from its fields. */
export interface Operations {
  /** Makes it. `wanted` is the planned state; answers its id. Cleans up after itself when it fails. */
  create(wanted: Properties, log: Log): Promise<string>;
  /** What there is now, undefined when it is gone. Properties it does not name stay as they were. */
  look(id: string, state: Properties): Promise<Properties | undefined>;
  /** Brings what can change in place from `before` to `wanted`. */
  update?(id: string, wanted: Properties, before: Properties): Promise<void>;
  remove(id: string, state: Properties): Promise<void>;
}

/** A resource type that answers as the released plugin, which is generated from a field table. */
export function bridged(
  fields: Fields,
  options: DiffOptions,
  operations: Operations,
): ResourceType {
  return {
    check({ news, olds, name, seed, proposedName }) {
      const makeName = (): string => proposedName ?? autoName(name, seed);
      return checkInputs(fields, news, olds, options.autoNamed === true ? makeName : undefined);
    },
    diff({ olds, news, ignoreChanges }) {
      return diffState(fields, olds, news, ignoreChanges, options);
    },
    async create({ urn, inputs, preview, log }) {
      const planned = planState(fields, inputs, undefined);
      if (preview) return { id: "", properties: { ...planned, id: UNKNOWN } };
      const wanted = settled(planned);
      const id = await named(`creating ${urn}`, () => operations.create(wanted, log));
      const seen = await operations.look(id, wanted);
      if (seen === undefined) throw new Error(`creating ${urn}: gone right after its creation`);
      return stateOf(id, createdState(fields, planned, seen), seen);
    },
    async read({ urn, id, inputs, properties }) {
      if (Object.keys(properties).length === 0) {
        throw new Error(`importing ${urn}: this plugin does not import; use the released one`);
      }
      const seen = await named(`refreshing ${urn}`, () => operations.look(id, properties));
      if (seen === undefined) return undefined;
      const found = stateOf(id, readState(fields, properties, seen), seen);
      return { ...found, inputs: inputsFromState(fields, inputs, found.properties) };
    },
    async update({ urn, id, inputs, olds, preview }) {
      const planned = planState(fields, inputs, olds);
      if (preview) return { ...planned, id };
      const state = updatedState(fields, planned, olds);
      await named(`updating ${urn}`, async () => operations.update?.(id, state, olds));
      return { ...state, id };
    },
    async delete({ urn, id, properties }) {
      await named(`deleting ${urn}`, () => operations.remove(id, properties));
    },
  };
}

/** The id may depend on what was found, as an image's does. */
function stateOf(
  id: string,
  state: Properties,
  seen: Properties,
): { id: string; properties: Properties } {
  const found = typeof seen["id"] === "string" ? seen["id"] : id;
  return { id: found, properties: { ...state, id: found } };
}

async function named<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${doing}: 1 error occurred:\n\t* ${message}\n\n`, { cause: error });
  }
}
