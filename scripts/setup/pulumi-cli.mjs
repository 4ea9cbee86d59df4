// Step: the Pulumi CLI, downloaded by its npm launcher or built from its Go modules.
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { available, install, isDebian, mayInstall } from "./debian.mjs";
import { briefly, execute } from "./execute.mjs";
import {
  cliDirectory,
  hasCli,
  projectPulumiHome,
  pulumiHome,
  root,
  userPulumiHome,
  versions,
} from "./paths.mjs";

const toolchain = join(root, "toolchain");

/** Holds the hash of what a build was made from. */
const stamp = ".built-from";

/** @type {import("./steps.mjs").Step} */
export const pulumiCli = {
  title: `Pulumi CLI ${versions.pulumi}`,
  check() {
    const home = pulumiHome();
    if (!hasCli(home)) return { ready: false, detail: "not here" };
    const built = join(cliDirectory(home), stamp);
    if (existsSync(built) && readFileSync(built, "utf8") !== toolchainHash()) {
      return { ready: false, detail: "built from another toolchain/" };
    }
    return {
      ready: true,
      detail: existsSync(built) ? "built from its Go modules" : "the released one",
    };
  },
  async run(note) {
    // A folder of our own means that the download was tried before and that this is a newer toolchain/.
    if (!existsSync(cliDirectory(projectPulumiHome()))) {
      const failure = await download();
      if (failure === undefined) return "downloaded";
      note(`not downloadable from here (${failure}): building it once, about 4 minutes`);
    }
    await build();
    return "built from its Go modules";
  },
};

/** @returns {Promise<string | undefined>} why not */
async function download() {
  const launcher = join(root, "node_modules", "pulumi", "run.js");
  const env = { ...process.env, PULUMI_HOME: userPulumiHome(), PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    await execute(process.execPath, [launcher, "version"], { env, seconds: 300 });
    return undefined;
  } catch (error) {
    // Half a download must not pass for a CLI.
    if (!hasCli(userPulumiHome())) {
      rmSync(dirname(cliDirectory(userPulumiHome())), { recursive: true, force: true });
    }
    return briefly(error).replace(/^pulumi: /, "");
  }
}

async function build() {
  await ensureGo();
  const target = cliDirectory(projectPulumiHome());
  mkdirSync(dirname(target), { recursive: true });
  for (const name of readdirSync(dirname(target)).filter((entry) => entry.includes(".building-"))) {
    // What an interrupted build left; the set-up's lock sees to it that none is running.
    rmSync(join(dirname(target), name), { recursive: true, force: true });
  }
  // Beside its final place, which a rename then makes whole at once.
  const folder = mkdtempSync(`${target}.building-`);
  try {
    await Promise.all([
      goBuild("cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", folder),
      goBuild(
        "language-nodejs",
        "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        folder,
      ),
    ]);
    await copyLaunchers(folder);
    writeFileSync(join(folder, stamp), toolchainHash());
    chmodSync(folder, 0o755);
    rmSync(target, { recursive: true, force: true });
    renameSync(folder, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} module @param {string} path @param {string} folder */
async function goBuild(module, path, folder) {
  const variable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
  const flags = ["-mod=readonly", "-buildvcs=false", "-trimpath"];
  const linker = `-s -w -X ${variable}=${versions.pulumi}`;
  await execute("go", ["build", ...flags, "-ldflags", linker, "-o", `${folder}/`, path], {
    cwd: join(toolchain, module),
    env: goEnvironment(),
    seconds: 3600,
  });
}

/** The scripts by which the CLI starts Node for dynamic resources and policy packs. */
async function copyLaunchers(/** @type {string} */ folder) {
  const module = "github.com/pulumi/pulumi/sdk/v3";
  const source = await execute("go", ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], {
    cwd: join(toolchain, "language-nodejs"),
    env: goEnvironment(),
  });
  const launchers = join(source.trim(), "nodejs", "dist");
  for (const name of readdirSync(launchers)) {
    copyFileSync(join(launchers, name), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
}

/** Nothing of the surroundings (a workspace, a C compiler, an old Go) decides what is built. */
function goEnvironment() {
  return {
    ...process.env,
    GOWORK: "off",
    CGO_ENABLED: "0",
    GOTOOLCHAIN: process.env["GOTOOLCHAIN"] ?? "auto",
  };
}

async function ensureGo() {
  if (await hasGo()) return;
  if (mayInstall() && (await available(["golang-go"])).length > 0) {
    await install(["golang-go", "ca-certificates"]);
    if (await hasGo()) return;
  }
  const how = isDebian() ? "apt-get install golang-go ca-certificates, as root" : "see go.dev/dl";
  throw new Error(
    "the Pulumi CLI cannot be downloaded, and building it needs Go 1.21 or newer, which is not installed: " +
      `install Go (${how}) or make Pulumi's downloads reachable, then run npm run setup again`,
  );
}

async function hasGo() {
  // 1.21 is the first Go that fetches the newer one that go.mod asks for.
  const version = await execute("go", ["env", "GOVERSION"]).catch(() => "");
  const minor = /^go1\.(\d+)/.exec(version.trim())?.[1];
  return minor !== undefined && Number(minor) >= 21;
}

function toolchainHash() {
  const hash = createHash("sha256").update(versions.pulumi);
  for (const module of ["cli", "language-nodejs"]) {
    hash.update(readFileSync(join(toolchain, module, "go.mod")));
  }
  return hash.digest("hex");
}
