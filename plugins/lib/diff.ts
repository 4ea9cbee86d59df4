import { DEFAULTS, defaultsOf } from "./check";
import { planState } from "./plan";
import { type Fields, type Property, isEmpty } from "./schema";
import { identity } from "./sets";
import { type Properties, type Value, UNKNOWN, isProperties, sameValue } from "./values";

/** What happens to one property. */
export type Change =
  "ADD" | "DELETE" | "UPDATE" | "ADD_REPLACE" | "DELETE_REPLACE" | "UPDATE_REPLACE";

/** The difference between a resource and its inputs, as the engine wants it told. */
export interface Difference {
  readonly changed: boolean;
  /** Properties that replace the resource; one entry for each changed place in them. */
  readonly replaces: string[];
  /** Properties that will be the same afterwards. */
  readonly stables: string[];
  /** Properties that change. */
  readonly diffs: string[];
  /** Every changed place, such as `labels[0].value`. */
  readonly detail: Record<string, Change> | undefined;
  readonly deleteBeforeReplace: boolean;
}

/** How a resource type differs from the others where its properties do not say it. */
export interface DiffOptions {
  /** A replacement always deletes first, as two containers cannot share a name or a port. */
  readonly deleteBeforeReplace?: boolean;
  /** The type's missing name is made up, so that old and new can live side by side. */
  readonly autoNamed?: boolean;
  /** A change between these two states is none; by property. */
  readonly suppress?: Readonly<Record<string, (before: Value, after: Value) => boolean>>;
}

/** Compares the state with the state that the inputs lead to. */
export function diffState(
  fields: Fields,
  olds: Properties,
  news: Properties,
  ignored: readonly string[],
  options: DiffOptions = {},
): Difference {
  const planned = planState(fields, news, olds);
  const detail: Record<string, Change> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (isIgnored(name, ignored)) continue;
    const before = olds[name] ?? null;
    const after = planned[name] ?? null;
    if (options.suppress?.[name]?.(before, after) === true) continue;
    diffValue(
      { field, path: name, forced: field.forceNew === true, input: news[name] ?? null },
      before,
      after,
      detail,
    );
  }
  const entries = Object.entries(detail).map(([path, change]) => ({ name: topOf(path), change }));
  const replaces = entries
    .filter(({ change }) => change.endsWith("_REPLACE"))
    .map(({ name }) => name)
    .sort();
  const named = options.autoNamed === true && news["name"] !== undefined && DEFAULTS in news;
  return {
    changed: entries.length > 0,
    replaces,
    stables: Object.keys(fields)
      .filter((name) => fields[name]?.forceNew === true && !replaces.includes(name))
      .sort(),
    diffs: [...new Set(entries.map(({ name }) => name))].sort(),
    detail,
    deleteBeforeReplace:
      replaces.length > 0 &&
      (options.deleteBeforeReplace === true || (named && !defaultsOf(news).includes("name"))),
  };
}

/** One place in the properties: its schema, its path, and what the program wrote there. */
interface Place {
  readonly field: Property;
  readonly path: string;
  /** The place, or something around it, replaces the resource when it changes. */
  readonly forced: boolean;
  readonly input: Value;
}

function diffValue(
  place: Place,
  before: Value,
  after: Value,
  detail: Record<string, Change>,
): void {
  const { field, path } = place;
  const old = isNothing(before) ? null : before;
  const next = isNothing(after) ? null : after;
  if (old === null || next === null || next === UNKNOWN) {
    if (old === null && next === null) return;
    const change = old === null ? "ADD" : next === null ? "DELETE" : "UPDATE";
    const replaces =
      next === UNKNOWN ? place.forced : place.forced || nestedForce(field, next ?? old);
    // Both "nothing" and zero: a scalar that is written in two ways.
    if (next !== UNKNOWN && isEmpty(old) && isEmpty(next)) return;
    detail[path] = replaces ? `${change}_REPLACE` : change;
  } else if (Array.isArray(old) && Array.isArray(next)) {
    if (field.kind === "set") diffSet(place, old, next, detail);
    else if (field.fields === undefined) diffPlainList(place, old, next, detail);
    else diffBlocks(place, field.fields, old, next, detail);
  } else if (isProperties(old) && isProperties(next)) {
    diffObject(place, old, next, detail);
  } else if (!sameValue(old, next)) {
    detail[path] = place.forced ? "UPDATE_REPLACE" : "UPDATE";
  }
}

function diffObject(
  place: Place,
  old: Properties,
  next: Properties,
  detail: Record<string, Change>,
): void {
  const input = isProperties(place.input) ? place.input : {};
  for (const name of [...new Set([...Object.keys(old), ...Object.keys(next)])].sort()) {
    const field = place.field.fields?.[name] ?? { kind: "string" };
    diffValue(
      {
        field,
        path: place.path + keyStep(name),
        forced: place.forced || field.forceNew === true,
        input: input[name] ?? null,
      },
      old[name] ?? null,
      next[name] ?? null,
      detail,
    );
  }
}

function diffBlocks(
  place: Place,
  fields: Fields,
  old: readonly Value[],
  next: readonly Value[],
  detail: Record<string, Change>,
): void {
  for (let i = 0; i < Math.max(old.length, next.length); i++) {
    diffValue(elementPlace(place, fields, i), old[i] ?? null, next[i] ?? null, detail);
  }
}

/** A list of plain values: the shortest edit from the old to the new one. */
function diffPlainList(
  place: Place,
  old: readonly Value[],
  next: readonly Value[],
  detail: Record<string, Change>,
): void {
  const common = commonSubsequence(old, next);
  const note = (index: number, change: "ADD" | "DELETE"): void => {
    const path = `${place.path}[${String(index)}]`;
    const merged = detail[path] === undefined ? change : "UPDATE";
    detail[path] = place.forced ? `${merged}_REPLACE` : merged;
  };
  old.forEach((_, i) => {
    if (!common.old.has(i)) note(i, "DELETE");
  });
  next.forEach((_, i) => {
    if (!common.next.has(i)) note(i, "ADD");
  });
}

function diffSet(
  place: Place,
  old: readonly Value[],
  next: readonly Value[],
  detail: Record<string, Change>,
): void {
  const oldKeys = old.map(identity);
  const nextKeys = next.map(identity);
  const removed = old.map((_, i) => i).filter((i) => !nextKeys.includes(oldKeys[i] ?? ""));
  const added = next.map((_, i) => i).filter((i) => !oldKeys.includes(nextKeys[i] ?? ""));
  if (removed.length === 0 && added.length === 0) return;
  const matched = matchInputs(place, next, added);
  if (matched === undefined) {
    detail[place.path] = place.forced ? "UPDATE_REPLACE" : "UPDATE";
    return;
  }
  // A removed member is told at its old place, an added one at its place in the program.
  for (const index of new Set([...removed, ...matched.keys()])) {
    const before = removed.includes(index) ? (old[index] ?? null) : null;
    const plannedAt = matched.get(index);
    const after = plannedAt === undefined ? null : (next[plannedAt] ?? null);
    diffValue(elementPlace(place, place.field.fields, index), before, after, detail);
  }
}

/**
 * Which element of the program's list each added member of the set came from; undefined when that
 * cannot be told for all, because the plan wrote something into them that the program did not.
 */
function matchInputs(
  place: Place,
  next: readonly Value[],
  added: readonly number[],
): Map<number, number> | undefined {
  const inputs = Array.isArray(place.input) ? place.input : [];
  if (inputs.length < next.length) return undefined;
  const matched = new Map<number, number>();
  for (const index of added) {
    const at = inputs.findIndex(
      (input, i) => !matched.has(i) && comesFrom(place.field.fields, input, next[index] ?? null),
    );
    if (at >= 0) matched.set(at, index);
  }
  return matched.size === added.length ? matched : undefined;
}

function comesFrom(fields: Fields | undefined, input: Value, planned: Value): boolean {
  if (fields === undefined || !isProperties(input) || !isProperties(planned)) {
    return sameValue(input, planned);
  }
  return Object.entries(fields).every(([name, field]) => {
    const given = input[name] ?? null;
    const plan = planned[name] ?? null;
    if (given === null && field.computed === true) return true;
    if (given === null && Array.isArray(plan)) return plan.length === 0;
    if (Array.isArray(given) && Array.isArray(plan)) {
      return (
        given.length === plan.length &&
        given.every((item, i) => comesFrom(field.fields, item, plan[i] ?? null))
      );
    }
    return field.fields === undefined
      ? sameValue(given, plan)
      : comesFrom(field.fields, given, plan);
  });
}

function elementPlace(place: Place, fields: Fields | undefined, index: number): Place {
  return {
    field: fields === undefined ? { kind: "string" } : { kind: "object", fields },
    path: `${place.path}[${String(index)}]`,
    forced: place.forced,
    input: Array.isArray(place.input) ? (place.input[index] ?? null) : null,
  };
}

/** Whether something inside the value replaces the resource although the whole does not. */
function nestedForce(field: Property, value: Value): boolean {
  const { fields } = field;
  if (fields === undefined) return false;
  if (Array.isArray(value))
    return value.some((item) => nestedForce({ kind: "object", fields }, item));
  if (!isProperties(value)) return false;
  return Object.entries(value).some(([name, item]) => {
    const inner = fields[name];
    return (
      inner !== undefined && item !== null && (inner.forceNew === true || nestedForce(inner, item))
    );
  });
}

/** Empty collections are not there, for the engine as for Docker. */
function isNothing(value: Value): boolean {
  return value === null || (typeof value === "object" && isEmpty(value));
}

function isIgnored(name: string, ignored: readonly string[]): boolean {
  return ignored.some((path) => topOf(path) === name);
}

function topOf(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? path;
}

function keyStep(name: string): string {
  return /^[\w-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function commonSubsequence(
  old: readonly Value[],
  next: readonly Value[],
): { old: Set<number>; next: Set<number> } {
  const lengths = Array.from({ length: old.length + 1 }, () =>
    new Array<number>(next.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    const row = lengths[i] ?? [];
    for (let j = next.length - 1; j >= 0; j--) {
      row[j] = sameValue(old[i], next[j])
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const common = { old: new Set<number>(), next: new Set<number>() };
  for (let i = 0, j = 0; i < old.length && j < next.length;) {
    if (sameValue(old[i], next[j])) {
      common.old.add(i++);
      common.next.add(j++);
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return common;
}
