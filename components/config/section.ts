import { nearest } from "../lib/nearest";
import type { Fault } from "./faults";

/** Says what is wrong with a value, as a clause that tells what to set; undefined when nothing is. */
export type Check<T> = (value: T) => string | undefined;

/**
 * Reads one closed object of the configuration. Every key that is asked for counts as known; `close` reports the
 * others. A value that is wrong is noted in `faults` and its default used, so that one pass finds all of them.
 * Scalars arrive as text from the CLI and as JSON values inside objects; both are taken.
 */
export class Section {
  private readonly known = new Set<string>();

  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly faults: Fault[],
    private readonly path = "",
    /** Keys of this object, with their path inside, whose values no error shows; "" is everything. */
    private readonly hidden: readonly string[] = [],
  ) {}

  text(key: string, fallback: string, check?: Check<string>): string {
    const value = this.take(key);
    if (value === undefined) return fallback;
    const text = scalar(value);
    if (text === undefined) return this.refuse(key, value, "set a text", fallback);
    return this.checked(key, text, fallback, check);
  }

  /** A text that is never shown in an error. Absent and empty are the same. */
  secret(key: string, check?: Check<string>): string | undefined {
    const value = this.take(key);
    if (value === undefined || value === "") return undefined;
    const text = scalar(value);
    const wrong = text === undefined ? "set a text" : check?.(text);
    if (wrong !== undefined) this.faults.push({ key: this.path + key, advice: wrong });
    return text;
  }

  integer(key: string, fallback: number, least: number, most: number): number {
    const value = this.take(key);
    if (value === undefined) return fallback;
    const text = scalar(value) ?? "";
    const number = Number(text);
    if (!/^-?\d+$/.test(text) || number < least || number > most) {
      return this.refuse(key, value, `set a whole number from ${least} to ${most}`, fallback);
    }
    return number;
  }

  number(key: string, fallback: number, check: Check<number>): number {
    const value = this.take(key);
    if (value === undefined) return fallback;
    const text = scalar(value) ?? "";
    if (!/^\d+(\.\d+)?$/.test(text)) return this.refuse(key, value, "set a number", fallback);
    return this.checked(key, Number(text), fallback, check);
  }

  flag(key: string, fallback: boolean): boolean {
    return this.choice(key, ["true", "false"], fallback ? "true" : "false") === "true";
  }

  choice<T extends string>(key: string, options: readonly T[], fallback: T): T {
    const value = this.take(key);
    if (value === undefined) return fallback;
    const text = scalar(value);
    const found = options.find((option) => option === text);
    const advice = `set ${options.map((option) => `"${option}"`).join(" or ")}`;
    return found ?? this.refuse(key, value, advice, fallback);
  }

  /** A list of texts; `check` sees each one. */
  list(key: string, fallback: readonly string[], check?: Check<string>): readonly string[] {
    const value = parsed(this.take(key));
    if (value === undefined) return fallback;
    if (!Array.isArray(value)) {
      return this.refuse(key, value, "set a list of texts", fallback);
    }
    return value.map((item: unknown, index) => {
      const text = scalar(item);
      const wrong = text === undefined ? "set a text" : check?.(text);
      if (wrong !== undefined) this.refuse(`${key}[${index}]`, item, wrong, "");
      return text ?? "";
    });
  }

  /** An object with keys of the user's choice and scalar values. `check` sees each pair. */
  map(key: string, check: (name: string, value: string) => string | undefined) {
    const entries = Object.entries(this.object(key)).map(([name, value]): [string, string] => {
      const text = scalar(value);
      const wrong = text === undefined ? "set a text, number or boolean" : check(name, text);
      if (wrong !== undefined) this.refuse(`${key}.${name}`, value, wrong, "");
      return [name, text ?? ""];
    });
    return Object.fromEntries(entries);
  }

  /** A closed object inside this one; read it and close it. */
  section(key: string): Section {
    const hidden = this.hidden.flatMap((path) => {
      if (path === "" || path === key) return [""];
      return path.startsWith(`${key}.`) ? [path.slice(key.length + 1)] : [];
    });
    return new Section(this.object(key), this.faults, `${this.path}${key}.`, hidden);
  }

  /** True when the key holds something. */
  has(key: string): boolean {
    const value = this.take(key);
    return value !== undefined && value !== "";
  }

  /** Reports every key that was never asked for. Call it last. */
  close(): void {
    for (const key of Object.keys(this.values)) {
      if (this.known.has(key)) continue;
      const similar = nearest(key, this.known);
      const hint =
        similar === undefined ? `known are ${[...this.known].join(", ")}` : `"${similar}"?`;
      // The value stays unsaid: a mistyped key may hold a secret.
      this.faults.push({ key: this.path + key, advice: `unknown key; ${hint}` });
    }
  }

  private object(key: string): Readonly<Record<string, unknown>> {
    const value = parsed(this.take(key));
    if (value === undefined) return {};
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
    return this.refuse(
      key,
      value,
      `set an object, e.g. with \`--path ${this.path}${key}.KEY\``,
      {},
    );
  }

  private take(key: string): unknown {
    this.known.add(key);
    return this.values[key] ?? undefined;
  }

  private checked<T>(key: string, value: T, fallback: T, check?: Check<T>): T {
    const wrong = check?.(value);
    return wrong === undefined ? value : this.refuse(key, value, wrong, fallback);
  }

  private refuse<T>(key: string, seen: unknown, advice: string, fallback: T): T {
    const fault = { key: this.path + key, seen, advice };
    this.faults.push(this.isHidden(key) ? unseen(fault) : fault);
    return fallback;
  }

  /** Also for a part of a key, `parameters.work_mem`, and for one that has a hidden part. */
  private isHidden(key: string): boolean {
    const own = key.replace(/[.[].*$/s, "");
    return this.hidden.some((path) => path === "" || path.split(".")[0] === own);
  }
}

/** A fault that does not tell the value, neither itself nor in the advice. */
function unseen({ key, seen, advice }: Fault): Fault {
  const value = scalar(seen) ?? "";
  return { key, advice: value === "" ? advice : advice.replaceAll(value, "[secret]") };
}

/** A scalar as text; PostgreSQL reads `true` as it stands. */
function scalar(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return undefined;
}

/** Lists and objects at the top level arrive as JSON text. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
