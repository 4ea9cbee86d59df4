import { type Fields, isEmpty } from "./schema";
import { type Value, UNKNOWN, asText, isProperties } from "./values";

/**
 * The elements of a set in the order in which the state keeps them, without duplicates: plain
 * elements by their text, blocks by their fields taken in alphabetical order.
 */
export function orderedSet(elements: readonly Value[], fields?: Fields): Value[] {
  const keyed = elements.map((element) => ({
    element,
    key: Buffer.from(fields === undefined ? asText(element) : sortKey(element, fields)),
  }));
  keyed.sort((left, right) => Buffer.compare(left.key, right.key));
  return keyed
    .filter(({ key }, i) => i === 0 || !key.equals(keyed[i - 1]?.key ?? Buffer.alloc(0)))
    .map(({ element }) => element);
}

/** Two elements are the same member of a set when their identities are equal. */
export function identity(element: Value): string {
  if (Array.isArray(element)) return `[${element.map(identity).sort().join()}]`;
  if (!isProperties(element)) return isEmpty(element) ? "" : JSON.stringify(element);
  // Absent, null, "", 0 and false are one and the same inside a block.
  const parts = Object.entries(element)
    .filter(([, value]) => !isEmpty(value))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${identity(value)}`);
  return `{${parts.join()}}`;
}

function sortKey(value: Value | undefined, fields?: Fields): string {
  if (value === null || value === undefined) return "~";
  if (value === UNKNOWN) return "?";
  if (Array.isArray(value)) return `[${value.map((item) => `${sortKey(item)};`).join("")}]`;
  if (isProperties(value)) {
    const names = fields === undefined ? Object.keys(value).sort() : Object.keys(fields);
    return `<${names.map((name) => `${sortKey(value[name])};`).join("")}>`;
  }
  if (typeof value === "boolean") return value ? "T" : "F";
  return JSON.stringify(value);
}
