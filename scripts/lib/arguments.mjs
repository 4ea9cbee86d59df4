// Reading a few options out of arguments that are otherwise passed on untouched.

/**
 * The value of the last `--name value`, `--name=value` or its short form, and the arguments without it.
 * @param {readonly string[]} args
 * @param {readonly string[]} names such as ["--stack", "-s"]
 * @returns {{ value: string | undefined, rest: string[] }}
 */
export function takeOption(args, names) {
  /** @type {string | undefined} */
  let value;
  /** @type {string[]} */
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--") return { value, rest: [...rest, ...args.slice(i)] };
    const joined = names.find((name) => arg.startsWith(`${name}=`));
    if (joined !== undefined) value = arg.slice(joined.length + 1);
    else if (names.includes(arg) && i + 1 < args.length) value = args[++i];
    else rest.push(arg);
  }
  return { value, rest };
}

/**
 * Takes a flag without a value out of the arguments.
 * @param {readonly string[]} args
 * @param {string} name
 * @returns {{ given: boolean, rest: string[] }}
 */
export function takeFlag(args, name) {
  const rest = args.filter((arg) => arg !== name && arg !== `${name}=true`);
  return { given: rest.length !== args.length, rest };
}

/**
 * The words of a command line that are not options, options with a value not told apart.
 * @param {readonly string[]} args
 */
export function words(args) {
  return args.filter((arg) => !arg.startsWith("-"));
}

/**
 * Takes `-c key={...}` and `-c key=[...]` out of the arguments: the CLI would store their JSON as text,
 * which it then refuses for a key whose type is an object.
 * @param {readonly string[]} args
 * @returns {{ settings: [string, unknown][], rest: string[] }}
 */
export function takeStructuredConfig(args) {
  /** @type {[string, unknown][]} */
  const settings = [];
  /** @type {string[]} */
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    const separate = arg === "-c" || arg === "--config";
    const setting = separate ? args[i + 1] : /^(?:-c|--config=)(.+)$/s.exec(arg)?.[1];
    const found = setting === undefined ? undefined : structured(setting);
    if (found === undefined) {
      rest.push(arg);
      continue;
    }
    settings.push(found);
    if (separate) i++;
  }
  return { settings, rest };
}

/** @param {string} setting @returns {[string, unknown] | undefined} */
function structured(setting) {
  const [, key, text] = /^([^=]+)=\s*([[{].*)$/s.exec(setting) ?? [];
  if (key === undefined || text === undefined) return undefined;
  try {
    /** @type {unknown} */
    const value = JSON.parse(text);
    return [key, value];
  } catch {
    return undefined;
  }
}

/**
 * The value of a key in the `-c key=value` options.
 * @param {readonly string[]} args
 * @param {string} key full key
 * @returns {string | undefined}
 */
export function configOption(args, key) {
  const given = args.map((arg, i) =>
    arg === "-c" || arg === "--config" ? args[i + 1] : /^(?:-c|--config=)(.+)$/s.exec(arg)?.[1],
  );
  const found = given.findLast((setting) => setting?.startsWith(`${key}=`));
  return found?.slice(key.length + 1);
}
