import type { Value } from "./values";

/** The shape of one property. `object` is a single nested block, `set` a list without order. */
export type Kind = "string" | "int" | "bool" | "list" | "set" | "map" | "object";

/** The properties of a resource type or of a nested block, by name, in alphabetical order. */
export type Fields = Readonly<Record<string, Property>>;

/** What the released plugin knows of one property; drives checks, plans and diffs alike. */
export interface Property {
  readonly kind: Kind;
  /** Fields of a nested block, or of each block of a list or set; absent for plain elements. */
  readonly fields?: Fields;
  readonly required?: boolean;
  /** The engine fills it in when the program does not say. */
  readonly computed?: boolean;
  /** The program cannot set it. */
  readonly outputOnly?: boolean;
  /** A change replaces the resource. */
  readonly forceNew?: boolean;
  readonly default?: Value;
  /** An empty text means "as it is". */
  readonly emptyKeeps?: boolean;
  /** The released plugin takes it, these plugins do not: setting it is refused by name. */
  readonly unsupported?: boolean;
  /** Further demands; the answer completes the sentence "<property> ...". */
  readonly check?: (value: string | number) => string | undefined;
}

type Extra = Omit<Partial<Property>, "kind">;

export const text = (extra: Extra = {}): Property => ({ kind: "string", ...extra });
export const int = (extra: Extra = {}): Property => ({ kind: "int", ...extra });
export const bool = (extra: Extra = {}): Property => ({ kind: "bool", ...extra });
export const list = (extra: Extra = {}): Property => ({ kind: "list", ...extra });
export const set = (extra: Extra = {}): Property => ({ kind: "set", ...extra });
export const map = (extra: Extra = {}): Property => ({ kind: "map", ...extra });
export const object = (fields: Fields, extra: Extra = {}): Property => ({
  kind: "object",
  fields,
  ...extra,
});

/** `label`/`value` pairs, as Docker resources carry them. */
export const labels = (extra: Extra = {}): Property =>
  set({
    fields: {
      label: text({ required: true, forceNew: true }),
      value: text({ required: true, forceNew: true }),
    },
    ...extra,
  });

/** The value is at least `least`. */
export const atLeast =
  (least: number) =>
  (value: string | number): string | undefined =>
    typeof value === "number" && value < least
      ? `must be at least ${String(least)}, not ${String(value)}`
      : undefined;

/** The text matches `pattern`; `meaning` says what that is in words. */
export const matching =
  (pattern: RegExp, meaning: string) =>
  (value: string | number): string | undefined =>
    pattern.test(String(value)) ? undefined : `must be ${meaning}, not "${String(value)}"`;

/** True for the values that mean the same as leaving the property out. */
export function isEmpty(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false)
    return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
