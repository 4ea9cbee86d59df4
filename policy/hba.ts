import { record, text } from "./resource";

/** Methods that prove little or nothing. */
const WEAK: readonly string[] = ["trust", "password", "md5", "ident"];

/** Every pg_hba.conf among the files of a resource, wherever its inputs hold them. */
export function hbaFiles(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(hbaFiles);
  return Object.entries(record(value)).flatMap(([key, inner]) =>
    key.endsWith("pg_hba.conf") ? [text(inner)] : hbaFiles(inner),
  );
}

/**
 * Lines of a pg_hba.conf with a weak method. The method stands in the fourth field or, after an address and a mask,
 * up to two later; PostgreSQL takes it with quotes, too.
 */
export function weakLines(file: string): string[] {
  return file
    .replace(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .filter((line) => {
      const fields = line.match(/#.*|(?:"[^"]*"|[^\s"#])+/g) ?? [];
      const methods = fields.filter((field) => !field.startsWith("#")).slice(3, 6);
      return methods.some((field) => WEAK.includes(field.replaceAll('"', "").toLowerCase()));
    });
}
