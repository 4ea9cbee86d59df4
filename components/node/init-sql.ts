import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** One of the user's SQL files, run once when the database is made. */
export interface InitSql {
  /** Name in the node's config volume, e.g. `init/01-schema.sql`; numbered, so that the given order holds. */
  readonly file: string;
  readonly content: string;
}

/** Reads the files of `initSql`; reports those that cannot be read as `initSql[N] is ...`. */
export function readInitSql(
  paths: readonly string[],
  fault: (line: string) => void,
  read: (path: string) => string = (path) => readFileSync(path, "utf8"),
): InitSql[] {
  return paths.flatMap((path, index) => {
    try {
      return [{ file: initSqlName(path, index), content: read(path) }];
    } catch {
      fault(
        `initSql[${index}] is ${JSON.stringify(path)}: no readable file; paths start at the project`,
      );
      return [];
    }
  });
}

/** Name of a SQL file inside a node: its place in the list, then its own name in harmless characters. */
export function initSqlName(path: string, index: number): string {
  const name = basename(path).replace(/[^A-Za-z0-9._-]/g, "_");
  return `init/${String(index + 1).padStart(2, "0")}-${name}`;
}
