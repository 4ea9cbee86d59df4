import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PostgresVersion } from "../config/settings";

/** What PostgreSQL says about one of its parameters. Least and most are in its unit. */
export interface Parameter {
  readonly type: "bool" | "integer" | "real" | "string" | "enum" | "internal";
  /** `ms`, `s`, `min`, `B`, `kB`, `8kB`, `MB`; undefined for plain numbers. */
  readonly unit: string | undefined;
  readonly least: number;
  readonly most: number;
  readonly options: readonly string[];
}

/**
 * All parameters of a major version by name in lower case. The file beside this one is the answer to
 *
 *     select name, case when context = 'internal' then 'internal' else vartype end, coalesce(unit, '-'),
 *       coalesce(min_val, '-'), coalesce(max_val, '-'), coalesce(array_to_string(enumvals, '|'), '-')
 *     from pg_settings where name not like '%.%' order by name collate "C"
 *
 * on a new node, without trailing hyphens.
 */
export function parameterCatalog(version: PostgresVersion): ReadonlyMap<string, Parameter> {
  const lines = readFileSync(join(__dirname, `catalog-${version}.txt`), "utf8").split("\n");
  return new Map(lines.filter((line) => /^\w/.test(line)).map(entry));
}

function entry(line: string): [string, Parameter] {
  const [name = "", type = "", unit = "-", least = "-", most = "-", ...options] = line.split(" ");
  return [
    name.toLowerCase(),
    {
      type: kind(type),
      unit: unit === "-" ? undefined : unit,
      least: least === "-" ? -Infinity : Number(least),
      most: most === "-" ? Infinity : Number(most),
      // Options may have blanks inside: "read committed".
      options: options.length === 0 ? [] : options.join(" ").split("|"),
    },
  ];
}

function kind(type: string): Parameter["type"] {
  const kinds: readonly Parameter["type"][] = ["bool", "integer", "real", "enum", "internal"];
  return kinds.find((each) => each === type) ?? "string";
}

const MEMORY: Readonly<Record<string, number>> = {
  B: 1,
  kB: 2 ** 10,
  "8kB": 2 ** 13,
  MB: 2 ** 20,
  GB: 2 ** 30,
  TB: 2 ** 40,
};
const TIME: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** PostgreSQL takes any beginning of these that means only one. */
const BOOLEANS = /^(on|off?|t(r(ue?)?)?|f(a(l(se?)?)?)?|y(es?)?|no?|1|0)$/i;

/** Why PostgreSQL would not take a value for a parameter, as far as its type, range and options tell. */
export function valueFault(parameter: Parameter, value: string): string | undefined {
  switch (parameter.type) {
    case "internal":
      return "PostgreSQL shows this one, it cannot be set";
    case "bool":
      return BOOLEANS.test(value) ? undefined : "set on or off";
    case "enum":
      return optionFault(parameter.options, value);
    case "integer":
    case "real":
      return numberFault(parameter, value);
    case "string":
      return undefined;
  }
}

function optionFault(options: readonly string[], value: string): string | undefined {
  const lower = value.toLowerCase();
  if (options.some((option) => option.toLowerCase() === lower)) return undefined;
  if (options.includes("on") && BOOLEANS.test(value)) return undefined;
  return `set one of ${options.filter((option) => option !== "").join(", ")}`;
}

function numberFault({ unit, least, most }: Parameter, value: string): string | undefined {
  // Octal and hexadecimal spellings are rare enough to leave them to PostgreSQL.
  if (/^0(x[0-9a-f]+|[0-7]+)$/i.test(value)) return undefined;
  const units = unit === undefined ? {} : unit in MEMORY ? MEMORY : TIME;
  const match = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*([a-z]*)$/i.exec(value.trim());
  const factor =
    match?.[2] === "" ? 1 : (units[match?.[2] ?? ""] ?? NaN) / (units[unit ?? ""] ?? NaN);
  const number = Number(match?.[1] ?? NaN) * factor;
  if (Number.isNaN(number)) {
    const known = Object.keys(units).filter((each) => each !== "8kB");
    return known.length === 0
      ? "set a number"
      : `set a number, with or without ${known.join(", ")}`;
  }
  const suffix = unit === undefined ? "" : ` (in units of ${unit})`;
  // PostgreSQL rounds to its unit before it looks at the range.
  if (Math.round(number) < Math.floor(least) || Math.floor(number) > most) {
    return `set a number from ${least} to ${most}${suffix}`;
  }
  return undefined;
}
