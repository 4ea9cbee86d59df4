// Where things are. Only Node's own modules: this runs before `npm ci`.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout. */
export const root = resolve(import.meta.dirname, "../..");

export const projectName = "sav3-postgres";

/** Versions that the rest of the project pins, read from where they are pinned. */
export const versions = pinnedVersions();

function pinnedVersions() {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const manifest =
    /** @type {{ dependencies: Record<string, string>, devDependencies: Record<string, string> }} */ (
      parsed
    );
  return {
    pulumi: manifest.devDependencies["pulumi"] ?? "",
    docker: manifest.dependencies["@pulumi/docker"] ?? "",
    random: manifest.dependencies["@pulumi/random"] ?? "",
  };
}

/** What the set-up builds or downloads. `SAV3_HOME` lets a copy of the checkout (a test) share it. */
export function toolsDirectory() {
  return resolve(process.env["SAV3_HOME"] || join(root, ".sav3"));
}

/** Stacks, the passphrase and the working copies of stack settings. `SAV3_STATE` moves them, for tests. */
export function stateDirectory() {
  return resolve(process.env["SAV3_STATE"] || join(root, ".sav3"));
}

/** The PULUMI_HOME of this project alone, used where the released CLI or plugins cannot be had. */
export function projectPulumiHome() {
  return join(toolsDirectory(), "pulumi");
}

/** The PULUMI_HOME the user would have without this project. */
export function userPulumiHome() {
  return process.env["PULUMI_HOME"] || join(homedir(), ".pulumi");
}

/** @param {string} home a PULUMI_HOME */
export function cliDirectory(home) {
  return join(home, "versions", versions.pulumi, "bin");
}

/** @param {string} home a PULUMI_HOME */
export function hasCli(home) {
  return isExecutable(join(cliDirectory(home), executable("pulumi")));
}

/**
 * The project's own home once something was put there, else the user's. Nothing is recorded: what is
 * on the disk decides, so removing `.sav3/pulumi` makes the set-up try the normal way again.
 */
export function pulumiHome() {
  return existsSync(cliDirectory(projectPulumiHome())) ? projectPulumiHome() : userPulumiHome();
}

/** @param {string} name */
export function executable(name) {
  return process.platform === "win32" ? `${name}.exe` : name;
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
