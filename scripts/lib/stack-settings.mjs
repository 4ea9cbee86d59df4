// The settings file that the CLI reads and writes for a stack: an ignored copy of the tracked one, so
// that nothing the CLI adds (a salt, `-c` values) ever shows up in `git status`.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectName, root, stateDirectory } from "../setup/paths.mjs";
import { mergeSettings, readSetting, withDefaults, withSetting } from "./merge-settings.mjs";

/** A folder that looks like a project to the CLI, for commands that know no `--config-file`. */
export function settingsDirectory() {
  const folder = join(stateDirectory(), "config");
  if (!existsSync(join(folder, "Pulumi.yaml"))) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeWhole(join(folder, "Pulumi.yaml"), `name: ${projectName}\nruntime: nodejs\n`);
  }
  return folder;
}

/** @param {string} stack */
export function settingsFile(stack) {
  return join(settingsDirectory(), `Pulumi.${baseName(stack)}.yaml`);
}

/**
 * Makes the copy of a stack's settings current and returns its path. A stack that has no tracked file
 * of its own gets ports that are chosen free, so that it never collides with `dev`.
 * @param {string} stack
 */
export function refreshSettings(stack) {
  const name = baseName(stack);
  const copy = settingsFile(stack);
  const seen = join(settingsDirectory(), `${name}.tracked.yaml`);
  const tracked = read(join(root, `Pulumi.${name}.yaml`)) ?? "";
  const before = read(seen) ?? "";
  const inUse = read(copy);
  if (inUse !== undefined && tracked === before) return copy;
  let merged = mergeSettings({ tracked, before, inUse });
  if (inUse === undefined && name !== "dev") {
    merged = withDefaults(merged, {
      [`${projectName}:primaryPort`]: 0,
      [`${projectName}:replicaPort`]: 0,
    });
  }
  writeWhole(copy, merged);
  writeWhole(seen, tracked);
  return copy;
}

/**
 * Sets a key in the copy, as `config set` would.
 * @param {string} stack
 * @param {string} key with or without the project's namespace
 * @param {unknown} value
 */
export function changeSetting(stack, key, value) {
  const file = settingsFile(stack);
  const full = key.includes(":") ? key : `${projectName}:${key}`;
  writeWhole(file, withSetting(read(file) ?? "", full, value));
}

/**
 * The engine address in a stack's settings; undefined leaves it to DOCKER_HOST and the docker context.
 * @param {string} stack
 */
export function configuredEngine(stack) {
  const text = read(settingsFile(stack)) ?? read(join(root, `Pulumi.${baseName(stack)}.yaml`));
  return text === undefined ? undefined : readSetting(text, `${projectName}:dockerHost`);
}

/** Forgets the copy of a stack that is gone, and the CA file its URIs named. @param {string} stack */
export function forgetSettings(stack) {
  rmSync(join(stateDirectory(), "ca", `${baseName(stack)}.crt`), { force: true });
  rmSync(join(stateDirectory(), "ca", `${baseName(stack)}.crl`), { force: true });
  rmSync(settingsFile(stack), { force: true });
  rmSync(join(settingsDirectory(), `${baseName(stack)}.tracked.yaml`), { force: true });
}

/** `organization/project/stack` -> `stack`. @param {string} stack */
export function baseName(stack) {
  return stack.slice(stack.lastIndexOf("/") + 1);
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** Never leaves half a file behind. @param {string} file @param {string} text */
function writeWhole(file, text) {
  const temporary = `${file}.${String(process.pid)}.new`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}
