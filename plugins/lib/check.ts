import { type Fields, type Property, isEmpty } from "./schema";
import { type Properties, type Value, UNKNOWN, isProperties } from "./values";

/** Something wrong with an input: which one, and what about it. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** The name of the list of inputs that were filled in rather than given. */
export const DEFAULTS = "__defaults";

/**
 * The inputs a resource is made from: what the program gave, plus defaults, with the filled-in
 * names listed in `__defaults` as the released plugin does. Defaults that mean "nothing" (0,
 * false, "") are left to the plan. Everything unknown or unsupported becomes a failure.
 *
 * @param olds The inputs of the last update; a default chosen then is kept.
 * @param name Makes the value of a missing `name`; absent where the type has no name.
 */
export function checkInputs(
  fields: Fields,
  news: Properties,
  olds: Properties,
  name?: () => string,
): { inputs: Properties; failures: Failure[] } {
  const failures: Failure[] = [];
  const inputs = checkBlock(fields, news, olds, "", failures);
  if (name !== undefined && inputs["name"] === undefined) {
    const old = wasDefault(olds, "name") ? olds["name"] : undefined;
    inputs["name"] = old ?? name();
    inputs[DEFAULTS] = [...defaultsOf(inputs), "name"].sort();
  }
  return { inputs, failures };
}

function checkBlock(
  fields: Fields,
  news: Properties,
  olds: Properties,
  path: string,
  failures: Failure[],
): Properties {
  const result: Properties = {};
  for (const [name, value] of Object.entries(news)) {
    if (value === null || name === DEFAULTS) continue;
    const field = fields[name];
    const where = path + name;
    if (field === undefined || field.outputOnly === true || field.unsupported === true) {
      failures.push({ property: where, reason: `"${where}" is not supported by this plugin` });
    } else {
      result[name] = checkValue(field, value, olds[name] ?? null, where, failures);
    }
  }
  const defaults: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    if (result[name] !== undefined) continue;
    const where = path + name;
    if (field.default !== undefined && !isEmpty(field.default)) {
      result[name] = (wasDefault(olds, name) ? olds[name] : undefined) ?? field.default;
      defaults.push(name);
    } else if (field.required === true && !(path === "" && name === "name")) {
      failures.push({ property: where, reason: `"${where}" is required` });
    }
  }
  result[DEFAULTS] = defaults.sort();
  return result;
}

function checkValue(
  field: Property,
  value: Value,
  old: Value,
  where: string,
  failures: Failure[],
): Value {
  if (value === UNKNOWN) return value;
  const wrong = wrongKind(field, value);
  if (wrong !== undefined) {
    failures.push({ property: where, reason: `"${where}" must be ${wrong}` });
    return value;
  }
  if (isProperties(value)) {
    if (field.fields === undefined) return value;
    return checkBlock(field.fields, value, isProperties(old) ? old : {}, `${where}.`, failures);
  }
  const { fields } = field;
  if (Array.isArray(value)) {
    if (fields === undefined) return value;
    return value.map((item, i) => {
      if (!isProperties(item)) return item;
      const before = Array.isArray(old) ? old[i] : undefined;
      return checkBlock(
        fields,
        item,
        isProperties(before) ? before : {},
        `${where}[${String(i)}].`,
        failures,
      );
    });
  }
  if (typeof value === "string" || typeof value === "number") {
    const problem = field.check?.(value);
    if (problem !== undefined) failures.push({ property: where, reason: `"${where}" ${problem}` });
  }
  return value;
}

function wrongKind(field: Property, value: Value): string | undefined {
  switch (field.kind) {
    case "string":
      return typeof value === "string" ? undefined : "a text";
    case "int":
      return typeof value === "number" && Number.isInteger(value) ? undefined : "a whole number";
    case "bool":
      return typeof value === "boolean" ? undefined : "true or false";
    case "list":
    case "set":
      return Array.isArray(value) ? undefined : "a list";
    case "map":
    case "object":
      return isProperties(value) ? undefined : "an object";
  }
}

/** The names that were filled in when these inputs were checked. */
export function defaultsOf(inputs: Properties): string[] {
  const names = inputs[DEFAULTS];
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

function wasDefault(inputs: Properties, name: string): boolean {
  return defaultsOf(inputs).includes(name);
}
