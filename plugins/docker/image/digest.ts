import { createHash } from "node:crypto";
import {
  type Stats,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
} from "node:fs";
import path from "node:path";
import { type Ignored, parseIgnoreFile } from "./patterns";

/**
 * One hash for all that a build can see: the Dockerfile, and name, mode and content of every file
 * of the context that is not ignored. The released plugin hashes the same, so that a state made by one
 * shows no change to the other.
 */
export function contextDigest(context: string, dockerfile: string): string {
  const hash = createHash("sha256");
  // The Dockerfile's own name and mode do not matter to a build.
  hashEntry(hash, "Dockerfile", "----------", readFileSync(dockerfile));
  for (const name of contextFiles(context, ignoredIn(context, dockerfile))) {
    const file = path.join(context, name);
    const stats = lstatSync(file);
    hashEntry(hash, name, modeText(stats), content(file, stats));
  }
  return hash.digest("hex");
}

function hashEntry(
  hash: ReturnType<typeof createHash>,
  name: string,
  mode: string,
  body: string | Buffer,
): void {
  hash.update(name).update(mode).update(createHash("sha256").update(body).digest()).update("\0");
}

function content(file: string, stats: Stats): string | Buffer {
  if (stats.isFile()) return readFileSync(file);
  return stats.isSymbolicLink() ? linkTarget(file).replaceAll("\\", "/") : "";
}

/** Where a link ends; relative to the program's folder as long as no link on the way is absolute. */
function linkTarget(file: string): string {
  let done = path.isAbsolute(file) ? path.parse(file).root : "";
  const parts = file.split(path.sep).filter((part) => part !== "");
  for (let followed = 0; parts.length > 0;) {
    const next = path.join(done, parts.shift() ?? "");
    if (!lstatSync(next).isSymbolicLink()) {
      done = next;
      continue;
    }
    if (++followed > 255) throw new Error(`could not evaluate symlink at ${file}: too many links`);
    const target = readlinkSync(next);
    if (path.isAbsolute(target)) done = path.parse(target).root;
    parts.unshift(...target.split(path.sep).filter((part) => part !== ""));
  }
  return path.normalize(done);
}

/** Files below the context in the order of a walk: folder by folder, names by their bytes. */
function contextFiles(context: string, ignored: Ignored): string[] {
  const files: string[] = [];
  const walk = (folder: string): void => {
    const entries = readdirSync(path.join(context, folder), { withFileTypes: true });
    entries.sort((left, right) => Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)));
    for (const entry of entries) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!entry.isDirectory()) {
        if (!ignored.file(name)) files.push(name);
      } else if (!ignored.folder(name)) walk(name);
    }
  };
  walk("");
  return files;
}

/** `<Dockerfile>.dockerignore` counts before the context's `.dockerignore`. */
function ignoredIn(context: string, dockerfile: string): Ignored {
  const file = [`${dockerfile}.dockerignore`, path.join(context, ".dockerignore")].find(existsSync);
  return parseIgnoreFile(file === undefined ? "" : readFileSync(file, "utf8"));
}

/** The mode as Go writes it, `-rw-r--r--`; special bits come first and replace the dash. */
function modeText(stats: Stats): string {
  const special = [
    stats.isSymbolicLink() ? "L" : "",
    stats.isSocket() ? "S" : "",
    stats.isFIFO() ? "p" : "",
    stats.isBlockDevice() || stats.isCharacterDevice() ? "D" : "",
    stats.isCharacterDevice() ? "c" : "",
    (stats.mode & 0o4000) === 0 ? "" : "u",
    (stats.mode & 0o2000) === 0 ? "" : "g",
    (stats.mode & 0o1000) === 0 ? "" : "t",
  ].join("");
  const letters = Array.from("rwxrwxrwx", (letter, i) =>
    (stats.mode & (1 << (8 - i))) === 0 ? "-" : letter,
  );
  return (special === "" ? "-" : special) + letters.join("");
}
