// Three-way merge of a stack's settings: what is tracked, what was tracked last time, what is in use.
import { Document, isMap, isScalar, parseDocument } from "yaml";

/** Keys by which the CLI remembers how secrets are encrypted. */
const encryption = ["encryptionsalt", "encryptedkey", "secretsprovider"];

/**
 * Brings changes of the tracked file into the copy in use. A key somebody set in the copy
 * (`config set`, `up -c`) keeps its value; every other key follows the tracked file, also when it is
 * removed there. Encryption keys belong to the copy, so that a colleague with another passphrase is
 * not blocked, unless the tracked file holds secrets, which only its own key can open.
 * @param {{ tracked: string, before: string, inUse: string | undefined }} texts `before` is the tracked
 *   file as of the last merge, `inUse` the copy, undefined when there is none yet
 * @returns {string} the new copy
 */
export function mergeSettings({ tracked, before, inUse }) {
  const theirs = read(tracked, "the tracked settings");
  const base = read(before, "the tracked settings of the last run");
  const document = parse(inUse ?? "");
  const ours = entries(document, "the settings in use");
  const trackedSecrets = holdsSecret(theirs);
  for (const path of paths(theirs, base)) {
    const key = path.join("\n");
    if (path.length === 1 && encryption.includes(path[0] ?? "")) {
      if (trackedSecrets) adopt(document, path, theirs.get(key), theirs, ours);
      continue;
    }
    const mine = ours.get(key);
    const theirOwn = theirs.get(key);
    const untouched = canonical(mine) === canonical(base.get(key));
    if (!untouched && inUse !== undefined) continue;
    if (theirOwn === undefined) document.deleteIn(path);
    else if (canonical(mine) !== canonical(theirOwn)) document.setIn(path, theirOwn);
  }
  return document.toString({ lineWidth: 0 });
}

/**
 * @param {import("yaml").Document} document
 * @param {string[]} path
 * @param {unknown} value
 * @param {Map<string, unknown>} theirs
 * @param {Map<string, unknown>} ours
 */
function adopt(document, path, value, theirs, ours) {
  const key = path.join("\n");
  const mine = ours.get(key);
  if (mine !== undefined && mine !== value && holdsSecret(ours, theirs)) {
    throw new Error(
      "the tracked stack file now holds secrets encrypted with another passphrase than the secrets set here: " +
        "remove your own with `npm run pulumi -- config rm KEY` first",
    );
  }
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, value);
}

/**
 * Sets keys of the namespace that the settings do not have yet.
 * @param {string} text
 * @param {Record<string, string | number>} values full key -> value
 */
export function withDefaults(text, values) {
  const document = parse(text);
  for (const [key, value] of Object.entries(values)) {
    if (!document.hasIn(["config", key])) document.setIn(["config", key], value);
  }
  return document.toString({ lineWidth: 0 });
}

/**
 * Sets one key, to a structured value where the CLI's own `-c` knows only text.
 * @param {string} text
 * @param {string} key full key
 * @param {unknown} value
 */
export function withSetting(text, key, value) {
  const document = parse(text);
  document.setIn(["config", key], value);
  return document.toString({ lineWidth: 0 });
}

/**
 * One plain setting out of a stack's settings; undefined when absent or not a plain value.
 * @param {string} text
 * @param {string} key full key
 */
export function readSetting(text, key) {
  const value = parseDocument(text).getIn(["config", key]);
  return typeof value === "string" ? value : undefined;
}

/**
 * An empty file is an empty map.
 * @param {string} text
 * @returns {import("yaml").Document}
 */
function parse(text) {
  const document = parseDocument(text);
  if (document.contents === null) return new Document({});
  if (isMap(document.contents)) document.contents.flow = false;
  return document;
}

/** @param {string} text @param {string} what */
function read(text, what) {
  return entries(parseDocument(text), what);
}

/**
 * Flattens a settings file to its top-level keys and, below `config`, the keys there.
 * @param {import("yaml").Document} document
 * @param {string} what
 * @returns {Map<string, unknown>} path joined by newlines -> plain value
 */
function entries(document, what) {
  const fault = document.errors[0];
  if (fault !== undefined) throw new Error(`${what} are not valid YAML: ${fault.message}`);
  /** @type {Map<string, unknown>} */
  const found = new Map();
  if (!isMap(document.contents)) return found;
  for (const pair of document.contents.items) {
    const key = name(pair.key);
    if (key === "config" && isMap(pair.value)) {
      for (const setting of pair.value.items) {
        const path = ["config", name(setting.key)];
        found.set(path.join("\n"), plain(document, path));
      }
    } else if (key !== "config") {
      found.set(key, plain(document, [key]));
    }
  }
  return found;
}

/** @param {import("yaml").Document} document @param {string[]} path @returns {unknown} */
function plain(document, path) {
  /** @type {unknown} */
  let value = document.toJS();
  for (const step of path) value = /** @type {Record<string, unknown>} */ (value)[step];
  return value;
}

/** The CLI writes `1` back as `"1"`: plain values are equal when their text is. @param {unknown} value */
function canonical(value) {
  return JSON.stringify(value, (_key, part) =>
    typeof part === "number" || typeof part === "boolean"
      ? String(part)
      : /** @type {unknown} */ (part),
  );
}

/** @param {unknown} key */
function name(key) {
  return isScalar(key) ? String(key.value) : String(key);
}

/** @param {Map<string, unknown>[]} maps */
function paths(...maps) {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))].map((key) => key.split("\n"));
}

/**
 * Whether any setting is encrypted, those that `except` has in the same form left out.
 * @param {Map<string, unknown>} settings
 * @param {Map<string, unknown>} [except]
 */
function holdsSecret(settings, except) {
  return [...settings].some(
    ([key, value]) =>
      JSON.stringify(value).includes('"secure":') &&
      JSON.stringify(value) !== JSON.stringify(except?.get(key)),
  );
}
