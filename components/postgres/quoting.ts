/**
 * One function per language that a value can be written into. Each takes any text without NUL or line breaks and
 * gives back something that reads as exactly that text there.
 */

/** A value in postgresql.conf: quotes doubled, backslashes doubled (the file knows C escapes). */
export function confValue(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A value in a libpq connection string (`key='value'`). */
export function conninfoValue(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A field of a libpq password file, where `:` separates. */
export function passfileField(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll(":", "\\:");
}

/** A word of a POSIX shell script. */
export function shellWord(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** A word of pg_hba.conf or pg_ident.conf; quoted, a database or role loses any special meaning (`all`, `+group`). */
export function hbaWord(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}
