/** The count of resources per kind in the last summary that Pulumi printed. */
export interface Changes {
  readonly created: number;
  readonly updated: number;
  readonly replaced: number;
  readonly deleted: number;
  readonly unchanged: number;
  /** Everything but unchanged. */
  readonly total: number;
}

const word =
  /^\s+(?:[^\s\d]{0,2}\s*|\d+ changes\. )(\d+) (?:to )?(creat|updat|replac|delet|unchanged)/;

/**
 * Reads the last "Resources:" block of an `up`, `preview`, `refresh` or `destroy`.
 * Throws when there is none: "nothing changed" must be said, never assumed.
 */
export function changes(text: string): Changes {
  const lines = text.split("\n");
  const start = lines.findLastIndex((line) => line.trim() === "Resources:");
  if (start < 0) throw new Error(`no summary of resources in:\n${text}`);
  const seen = new Map<string, number>();
  for (const line of lines.slice(start + 1)) {
    const match = word.exec(line);
    if (match === null) {
      if (line.trim() === "") break;
      continue;
    }
    seen.set(match[2] ?? "", Number(match[1]));
  }
  const count = (kind: string): number => seen.get(kind) ?? 0;
  const created = count("creat");
  const updated = count("updat");
  const replaced = count("replac");
  const deleted = count("delet");
  return {
    created,
    updated,
    replaced,
    deleted,
    unchanged: count("unchanged"),
    total: created + updated + replaced + deleted,
  };
}
