/** Which files of a context a build does not see; paths with forward slashes, relative to the context. */
export interface Ignored {
  file(path: string): boolean;
  /** Everything below the folder is left out, so there is no need to look. */
  folder(path: string): boolean;
}

/**
 * The rules of a `.dockerignore` file. As in Docker: a later rule wins, `!` brings back, a rule
 * that matches a folder matches all in it, `**` crosses folders, `#` at the start is a comment.
 */
export function parseIgnoreFile(content: string): Ignored {
  const rules = content
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map(parseRule);
  const file = (path: string): boolean => {
    const parts = path.split("/");
    const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join("/"));
    return rules.reduce(
      (ignored, { back, pattern }) =>
        prefixes.some((prefix) => pattern.test(prefix)) ? !back : ignored,
      false,
    );
  };
  // A rule can bring back something below a folder when the folder lies on the way to it, or it on
  // the way to the folder and goes on with wildcards.
  const reaches = ({ path, literal }: Rule, folder: string): boolean =>
    path.startsWith(`${folder}/`) || (path !== literal && `${folder}/`.startsWith(literal));
  const folder = (path: string): boolean =>
    file(path) && !rules.some((rule) => rule.back && reaches(rule, path));
  return { file, folder };
}

interface Rule {
  /** Brings back what earlier rules left out. */
  readonly back: boolean;
  readonly path: string;
  /** The path up to its first wildcard. */
  readonly literal: string;
  readonly pattern: RegExp;
}

function parseRule(line: string): Rule {
  const back = line.startsWith("!");
  const path = clean(back ? line.slice(1).trim() : line);
  return { back, path, literal: path.replace(/[*?[\\].*$/, ""), pattern: toRegExp(path) };
}

/** Takes out `.` and `..` and doubled slashes; a leading slash means the context's root. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function toRegExp(pattern: string): RegExp {
  let source = "^";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (pattern.startsWith("**", i)) {
      i++;
      if (pattern.charAt(i + 1) === "/") i++;
      // At the end it stands for everything below, elsewhere for any number of folders, also none.
      source += i + 1 >= pattern.length ? ".*" : "(.*/)?";
    } else if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "[" && pattern.includes("]", i)) {
      const end = pattern.indexOf("]", i);
      source += pattern.slice(i, end + 1);
      i = end;
    } else if (char === "\\" && i + 1 < pattern.length) {
      source += escape(pattern.charAt(++i));
    } else source += escape(char);
  }
  return new RegExp(`${source}$`);
}

function escape(char: string): string {
  return char.replace(/[.*+?^${}()|[\]\\/]/, "\\$&");
}
