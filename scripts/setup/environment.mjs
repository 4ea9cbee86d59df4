// The environment in which every command and test of this project runs the Pulumi CLI.
import { randomBytes } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  cliDirectory,
  hasCli,
  projectName,
  projectPulumiHome,
  pulumiHome,
  root,
  stateDirectory,
  userPulumiHome,
} from "./paths.mjs";

/**
 * Returns a complete environment for child processes. The user's own choices (a backend they logged in
 * to or named, a passphrase) stay; what they did not choose is filled in.
 * @returns {NodeJS.ProcessEnv}
 */
export function environment() {
  const home = pulumiHome();
  /** @type {NodeJS.ProcessEnv} */
  const env = {
    ...process.env,
    PULUMI_HOME: home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PATH: [
      cliDirectory(home),
      dirname(process.execPath),
      join(root, "node_modules", ".bin"),
      process.env["PATH"] ?? "",
    ].join(delimiter),
  };
  if (home === projectPulumiHome()) {
    // The plugins here are this project's own: a missing one is a fault of the set-up, not to be downloaded.
    env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true";
    if (existsSync(credentialsFile(credentialsFolder()))) {
      env["PULUMI_CREDENTIALS_PATH"] = credentialsFolder();
    }
  }
  const state = backend();
  if (state.url !== undefined) env["PULUMI_BACKEND_URL"] = state.url;
  const given =
    process.env["PULUMI_CONFIG_PASSPHRASE"] ?? process.env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (state.passphraseFile !== undefined && given === undefined) {
    ensurePassphrase(state.passphraseFile);
    env["PULUMI_CONFIG_PASSPHRASE_FILE"] = state.passphraseFile;
  }
  return env;
}

/** The argument vector that starts the CLI, without its arguments. */
export function pulumiCommand() {
  if (!hasCli(pulumiHome())) {
    throw new Error("the Pulumi CLI is not set up: run npm run setup");
  }
  return join(cliDirectory(pulumiHome()), process.platform === "win32" ? "pulumi.exe" : "pulumi");
}

/** The file whose content encrypts the secrets of the local backend. */
export function passphraseFile() {
  return join(stateDirectory(), "passphrase");
}

/** Makes the passphrase once; of two processes at the same moment, the first one's stays. */
function ensurePassphrase(/** @type {string} */ file) {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${String(process.pid)}.new`;
  writeFileSync(temporary, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Folder of the local backend. */
export function localStateDirectory() {
  return join(stateDirectory(), "state");
}

/**
 * Which backend the stacks are in. A backend named in the environment wins; then the one of this
 * checkout when it already holds stacks, so that logging in elsewhere never makes them disappear; then
 * the one the user is logged in to; else the local one.
 * @returns {{ kind: "local" | "own", url?: string, passphraseFile?: string, reason: string }}
 */
export function backend() {
  if (!process.env["SAV3_STATE"]) {
    const named = process.env["PULUMI_BACKEND_URL"];
    if (named && named !== localUrl()) return own(named, "PULUMI_BACKEND_URL", { url: named });
    if (!named && !hasLocalStacks()) {
      if (process.env["PULUMI_ACCESS_TOKEN"]) return own("", "PULUMI_ACCESS_TOKEN", {});
      const current = loggedInTo();
      if (current !== undefined) return own(current, "your own Pulumi login", {});
    }
  }
  mkdirSync(localStateDirectory(), { recursive: true, mode: 0o700 });
  return {
    kind: "local",
    url: localUrl(),
    passphraseFile: passphraseFile(),
    reason: "a local file backend of this checkout",
  };
}

/**
 * A generated passphrase is right only where nobody else must read the state: a backend on this machine.
 * @param {string} address
 * @param {string} reason
 * @param {{ url?: string }} rest
 * @returns {{ kind: "own", url?: string, passphraseFile?: string, reason: string }}
 */
function own(address, reason, rest) {
  return {
    kind: "own",
    reason,
    ...rest,
    ...(address.startsWith("file:") ? { passphraseFile: passphraseFile() } : {}),
  };
}

/**
 * Without `metadata=skip` the backend writes a second file beside each of its files, not atomically: a CLI killed at
 * that moment leaves a stack that no command can read ("failed to load checkpoint: EOF").
 */
function localUrl() {
  return `${pathToFileURL(localStateDirectory()).href}?metadata=skip`;
}

/** Whether this checkout's own backend already holds a stack of the project. */
export function hasLocalStacks() {
  const folder = join(localStateDirectory(), ".pulumi", "stacks", projectName);
  return (
    existsSync(folder) && readdirSync(folder).some((file) => /\.json(\.gz|\.zst)?$/.test(file))
  );
}

/** @returns {string | undefined} */
function loggedInTo() {
  const file = credentialsFile(credentialsFolder());
  if (!existsSync(file)) return undefined;
  try {
    /** @type {unknown} */
    const parsed = JSON.parse(readFileSync(file, "utf8"));
    const current = /** @type {{ current?: unknown }} */ (parsed).current;
    return typeof current === "string" && current !== "" ? current : undefined;
  } catch {
    // An unreadable file is the CLI's to complain about, when it is asked to use it.
    return undefined;
  }
}

/** Where the user's own logins are, whichever PULUMI_HOME is in use. */
export function credentialsFolder() {
  return process.env["PULUMI_CREDENTIALS_PATH"] ?? userPulumiHome();
}

/** @param {string} folder */
function credentialsFile(folder) {
  return join(folder, "credentials.json");
}
