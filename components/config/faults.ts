/** Longest part of a wrong value that an error shows. */
const SHOWN = 60;

/** One thing that is wrong: where, what was seen, what to set instead. */
export interface Fault {
  /** Config key without namespace, with its path inside objects, e.g. `tls.mode`. */
  readonly key: string;
  /** The value as written; absent for secrets and for what is missing. */
  readonly seen?: unknown;
  /** What is wrong with it and what to set, one clause. */
  readonly advice: string;
}

/** One fault as a line: `sav3-postgres:replicas is 9: set a whole number from 0 to 8`. */
export function faultLine(namespace: string, fault: Fault): string {
  const seen = fault.seen === undefined ? "" : ` is ${shown(fault.seen)}`;
  return `${namespace}:${fault.key}${seen}: ${fault.advice}`;
}

/** The one error text for everything that was found before the first resource. */
export function faultText(lines: readonly string[]): string {
  const head =
    lines.length === 1 ? "1 thing has to change" : `${lines.length} things have to change`;
  return `${head} before anything is made:\n${lines.map((line) => `  - ${line}`).join("\n")}\n`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
