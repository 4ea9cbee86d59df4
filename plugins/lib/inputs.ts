import { DEFAULTS, defaultsOf } from "./check";
import { type Fields, type Property } from "./schema";
import { type Properties, type Value, isProperties, sameValue } from "./values";

/**
 * The inputs that would have led to this state: the old ones, each with the value that was found.
 * Inputs the program never gave are not invented. A filled-in input that changed is no default any more.
 */
export function inputsFromState(fields: Fields, inputs: Properties, state: Properties): Properties {
  return fromBlock(fields, inputs, state).inputs;
}

interface Extracted {
  readonly value: Value;
  /** The value is the one that was there before. */
  readonly same: boolean;
}

function fromBlock(
  fields: Fields,
  inputs: Properties,
  state: Properties,
): { inputs: Properties; same: boolean } {
  const result: Properties = {};
  const changed = new Set<string>();
  for (const [name, input] of Object.entries(inputs)) {
    if (name === DEFAULTS) continue;
    const found = state[name];
    if (found === undefined) {
      changed.add(name);
      continue;
    }
    const extracted = fromValue(fields[name], input, found);
    result[name] = extracted.value;
    if (!extracted.same) changed.add(name);
  }
  if (DEFAULTS in inputs) {
    result[DEFAULTS] = defaultsOf(inputs)
      .filter((name) => !changed.has(name))
      .sort();
  }
  return { inputs: result, same: changed.size === 0 };
}

function fromValue(field: Property | undefined, input: Value, found: Value): Extracted {
  const fields = field?.fields;
  if (Array.isArray(input) && Array.isArray(found)) {
    const partners = field?.kind === "set" ? matchElements(input, found) : undefined;
    const kept: Value[] = [];
    let same = true;
    input.forEach((item, i) => {
      const partner = found[partners === undefined ? i : (partners.get(i) ?? -1)];
      const extracted =
        partner === undefined
          ? undefined
          : isProperties(item) && isProperties(partner) && fields !== undefined
            ? blockValue(fields, item, partner)
            : { value: partner, same: sameValue(item, partner) };
      if (extracted !== undefined) kept.push(extracted.value);
      same &&= extracted?.same === true;
    });
    return { value: kept, same };
  }
  if (isProperties(input) && isProperties(found)) {
    if (fields !== undefined) return blockValue(fields, input, found);
    const kept = Object.fromEntries(
      Object.keys(input).flatMap((name) => {
        const value = found[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    return { value: kept, same: sameValue(input, kept) };
  }
  return { value: found, same: sameValue(input, found) };
}

function blockValue(fields: Fields, input: Properties, found: Properties): Extracted {
  const block = fromBlock(fields, input, found);
  return { value: block.inputs, same: block.same };
}

/** Pairs the blocks of a set that resemble each other most; the engine may tell them in any order. */
function matchElements(
  inputs: readonly Value[],
  found: readonly Value[],
): Map<number, number> | undefined {
  if (![...inputs, ...found].every((item) => isProperties(item))) return undefined;
  const candidates = inputs.flatMap((input, i) =>
    found.map((state, j) => ({ i, j, score: likeness(input, state) })),
  );
  candidates.sort((left, right) => right.score - left.score);
  const pairs = new Map<number, number>();
  const taken = new Set<number>();
  for (const { i, j } of candidates) {
    if (pairs.has(i) || taken.has(j)) continue;
    pairs.set(i, j);
    taken.add(j);
  }
  return pairs;
}

function likeness(input: Value, state: Value): number {
  if (!isProperties(input) || !isProperties(state)) return 0;
  return Object.entries(input)
    .filter(([name]) => name in state)
    .reduce((score, [name, value]) => score + (sameValue(value, state[name]) ? 3 : 1), 0);
}
