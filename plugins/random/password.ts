import { randomInt } from "node:crypto";
import { genSalt, hash } from "bcryptjs";
import type { Failure } from "../lib/check";
import type { Difference } from "../lib/diff";
import type { ResourceType } from "../lib/resource";
import {
  type Properties,
  type Value,
  UNKNOWN,
  isProperties,
  sameValue,
  secret,
} from "../lib/values";

const CLASSES = [
  { name: "lower", minimum: "minLower", letters: "abcdefghijklmnopqrstuvwxyz" },
  { name: "upper", minimum: "minUpper", letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
  { name: "numeric", minimum: "minNumeric", letters: "0123456789" },
  { name: "special", minimum: "minSpecial", letters: "!@#$%&*()-_=+[]{}<>:?" },
] as const;
const FLAGS = ["lower", "upper", "numeric", "number", "special"];
const COUNTS = ["length", "minLower", "minUpper", "minNumeric", "minSpecial"];
/** bcrypt does not look at anything after this many bytes. */
const BCRYPT_LIMIT = 72;

/** `random.RandomPassword`: made once; every change of an input makes a new one. */
export const passwordType: ResourceType = {
  check: ({ news }) => ({ inputs: news, failures: passwordFailures(news) }),
  diff: ({ olds, news }) => diffPassword(olds, news),
  async create({ inputs, preview }) {
    const state = settings(inputs);
    if (preview) {
      return {
        id: "",
        properties: { ...state, bcryptHash: UNKNOWN, id: UNKNOWN, result: UNKNOWN },
      };
    }
    return { id: "none", properties: await withPassword(state, generate(state)) };
  },
  async read({ id, inputs, properties }) {
    if (Object.keys(properties).length > 0) {
      return { id, inputs, properties: markSecrets(properties) };
    }
    // An import: the id is the password.
    const imported: Properties = { length: Array.from(id).length };
    return { id: "none", inputs: imported, properties: await withPassword(settings(imported), id) };
  },
  update: ({ inputs, olds }) => Promise.resolve(markSecrets({ ...olds, ...settings(inputs) })),
  delete: () => Promise.resolve(),
};

/** What is wrong with the inputs, each by its name. */
export function passwordFailures(news: Properties): Failure[] {
  const failures: Failure[] = [];
  const fail = (property: string, reason: string): void => {
    failures.push({ property, reason: `"${property}" ${reason}` });
  };
  for (const [name, value] of Object.entries(news)) {
    if (value === UNKNOWN || value === null) continue;
    if (FLAGS.includes(name)) {
      if (typeof value !== "boolean") fail(name, "must be true or false");
    } else if (COUNTS.includes(name)) {
      const least = name === "length" ? 1 : 0;
      if (typeof value !== "number" || !Number.isInteger(value) || value < least) {
        fail(name, `must be a whole number of at least ${String(least)}`);
      }
    } else if (name === "keepers") {
      if (!isProperties(value)) fail(name, "must be an object");
    } else if (name === "overrideSpecial") {
      if (typeof value !== "string") fail(name, "must be a text");
    } else fail(name, "is not supported by this plugin");
  }
  if (news["length"] === undefined || news["length"] === null) fail("length", "is required");
  if (failures.length > 0 || Object.values(news).includes(UNKNOWN)) return failures;
  const state = settings(news);
  const least = CLASSES.reduce((sum, { minimum }) => sum + count(state[minimum]), 0);
  if (count(state["length"]) < least)
    fail("length", `must be at least ${String(least)}, the sum of the minimums`);
  if (alphabet(state) === "") fail("length", "needs at least one kind of character switched on");
  return failures;
}

/** Any difference replaces, in `keepers` only one that is more than a value added as null. */
export function diffPassword(olds: Properties, news: Properties): Difference {
  const next = settings(news);
  const names = [...new Set([...COUNTS, ...FLAGS, "keepers", "overrideSpecial"])];
  const replaces = names.filter((name) => !sameValue(plain(olds[name]), plain(next[name]))).sort();
  return {
    changed: replaces.length > 0,
    replaces,
    stables: [],
    diffs: replaces,
    detail: undefined,
    deleteBeforeReplace: false,
  };
}

function plain(value: Value | undefined): Value {
  if (!isProperties(value)) return value === undefined || value === "" ? null : value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

/** The inputs with all defaults; `number` is the old name of `numeric`. */
function settings(inputs: Properties): Properties {
  const numeric = inputs["numeric"] ?? inputs["number"] ?? true;
  const state: Properties = { length: inputs["length"] ?? null, numeric, number: numeric };
  for (const { name, minimum } of CLASSES) {
    state[name] ??= inputs[name] ?? true;
    state[minimum] = inputs[minimum] ?? 0;
  }
  for (const name of ["keepers", "overrideSpecial"]) {
    const value = inputs[name];
    if (value !== undefined && value !== null) state[name] = value;
  }
  return state;
}

/** A password as asked for, from the system's source of randomness. */
export function generate(state: Properties): string {
  const letters = CLASSES.flatMap(({ minimum, name, letters: own }) => {
    const from = name === "special" ? specials(state) : own;
    return Array.from({ length: count(state[minimum]) }, () => pick(from));
  });
  const all = alphabet(state);
  while (letters.length < count(state["length"])) letters.push(pick(all));
  for (let i = letters.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [letters[i], letters[j]] = [letters[j] ?? "", letters[i] ?? ""];
  }
  return letters.join("");
}

function alphabet(state: Properties): string {
  return CLASSES.filter(({ name }) => state[name] === true)
    .map(({ name, letters }) => (name === "special" ? specials(state) : letters))
    .join("");
}

function specials(state: Properties): string {
  const own = state["overrideSpecial"];
  return typeof own === "string" && own !== "" ? own : CLASSES[3].letters;
}

function pick(letters: string): string {
  return letters.charAt(randomInt(letters.length));
}

function count(value: Value | undefined): number {
  return typeof value === "number" ? value : 0;
}

async function withPassword(state: Properties, password: string): Promise<Properties> {
  // "2a" is how the released plugin marks its hashes; the algorithm is that of "2b".
  const salt = (await genSalt(10)).replace(/^\$2b\$/, "$2a$");
  const bytes = Buffer.from(password).subarray(0, BCRYPT_LIMIT).toString();
  return markSecrets({
    ...state,
    bcryptHash: await hash(bytes, salt),
    id: "none",
    result: password,
  });
}

function markSecrets(state: Properties): Properties {
  return {
    ...state,
    bcryptHash: secret(state["bcryptHash"] ?? null),
    result: secret(state["result"] ?? null),
  };
}
