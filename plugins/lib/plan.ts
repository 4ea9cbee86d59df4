import { type Fields, type Property, isEmpty } from "./schema";
import { identity, orderedSet } from "./sets";
import {
  type Properties,
  type Value,
  UNKNOWN,
  hasUnknown,
  isProperties,
  mapValues,
} from "./values";

/**
 * The state that the inputs lead to, as far as it can be told before anything happens.
 *
 * @param prior The state before, undefined when the resource is to be created. What the program
 *   does not set and the engine fills in is unknown then, and otherwise stays as it was.
 */
export function planState(
  fields: Fields,
  inputs: Properties,
  prior: Properties | undefined,
): Properties {
  const planned: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    planned[name] = planTop(field, inputs[name] ?? null, prior, prior?.[name] ?? null);
  }
  return planned;
}

function planTop(
  field: Property,
  input: Value,
  prior: Properties | undefined,
  before: Value,
): Value {
  if (field.emptyKeeps === true && prior !== undefined && isEmpty(input)) return before;
  if (input !== null) return planValue(field, input, prior !== undefined);
  if (field.default !== undefined) return field.default;
  if (field.computed === true) {
    if (prior === undefined) return UNKNOWN;
    // A list that only the engine fills in, and that a failed creation left open.
    return before === null && field.outputOnly === true && field.kind === "list" ? UNKNOWN : before;
  }
  // Nothing asked for and nothing there are the same, however "nothing" is written.
  return prior !== undefined && isEmpty(before) ? before : absent(field);
}

function planValue(field: Property, input: Value, update: boolean): Value {
  if (input === UNKNOWN) return UNKNOWN;
  const { fields } = field;
  if (Array.isArray(input)) {
    // A set with an open element is open as a whole: its members cannot be told apart.
    if (field.kind === "set" && fields === undefined && hasUnknown(input)) return UNKNOWN;
    const elements =
      fields === undefined
        ? input
        : input.map((item) => (isProperties(item) ? planBlock(fields, item, update) : item));
    return field.kind === "set" ? orderedSet(elements, fields) : elements;
  }
  if (isProperties(input) && fields !== undefined) return planBlock(fields, input, update);
  return input;
}

function planBlock(fields: Fields, input: Properties, update: boolean): Properties {
  const planned: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = input[name] ?? null;
    planned[name] = value === null ? absentInBlock(field, update) : planValue(field, value, update);
  }
  return planned;
}

/** How the state writes a property of the resource that is not set. */
function absent(field: Property): Value {
  const block = field.fields !== undefined && field.kind !== "object";
  return block ? [] : null;
}

/** The same inside a block. Updates write nothing as a zero, creations as null. */
function absentInBlock(field: Property, update: boolean): Value {
  if (field.default !== undefined) return field.default;
  if (field.computed === true) return UNKNOWN;
  switch (field.kind) {
    case "string":
      return "";
    case "int":
      return update ? 0 : null;
    case "bool":
      return update ? false : null;
    case "list":
    case "set":
      return [];
    case "map":
    case "object":
      return null;
  }
}

/**
 * The state after a creation: the plan, with everything the engine told written over it. What the engine
 * only writes differently, such as an empty list for none, stays as planned.
 */
export function createdState(fields: Fields, planned: Properties, seen: Properties): Properties {
  const state: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const plan = planned[name] ?? null;
    const found = seen[name];
    if (found === undefined) state[name] = hasUnknown(plan) ? nothing(field) : plan;
    else state[name] = isCollection(field) && sameMeaning(plan, found) ? plan : found;
  }
  return state;
}

function sameMeaning(plan: Value, found: Value): boolean {
  return (isEmpty(plan) && isEmpty(found)) || identity(plan) === identity(found);
}

/** The state after an update: the plan; a number, text or flag taken away reads as zero. */
export function updatedState(fields: Fields, planned: Properties, prior: Properties): Properties {
  const state: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const plan = planned[name] ?? null;
    if (hasUnknown(plan)) state[name] = prior[name] ?? null;
    else state[name] = plan === null && !isEmpty(prior[name]) ? zero(field) : plan;
  }
  return state;
}

/** The state after a look: what the engine shows over what was known. */
export function readState(fields: Fields, prior: Properties, seen: Properties): Properties {
  const state: Properties = {};
  for (const name of Object.keys(fields)) state[name] = seen[name] ?? prior[name] ?? null;
  return state;
}

/** What was left to the engine, and the engine does not tell. */
function nothing(field: Property): Value {
  return field.kind === "list" || field.kind === "set" ? [] : null;
}

function isCollection(field: Property): boolean {
  return field.kind === "list" || field.kind === "set" || field.kind === "map";
}

function zero(field: Property): Value {
  switch (field.kind) {
    case "string":
      return "";
    case "int":
      return 0;
    case "bool":
      return false;
    default:
      return absent(field);
  }
}

/** The plan for those who carry it out: what is open is not there. */
export function settled(planned: Properties): Properties {
  const settle = (value: Value): Value => {
    if (value === UNKNOWN) return null;
    if (Array.isArray(value)) return value.map(settle);
    return isProperties(value) ? mapValues(value, settle) : value;
  };
  return mapValues(planned, settle);
}
