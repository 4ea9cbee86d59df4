// Step: the base image of the node image, pulled or made from Debian's packages.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, mayInstall } from "./debian.mjs";
import { briefly, execute } from "./execute.mjs";

const image = "debian:trixie-slim";
const suite = "trixie";

/** @type {import("./steps.mjs").Step} */
export const baseImage = {
  title: `Base image ${image}`,
  async check() {
    const id = await execute("docker", ["image", "inspect", "--format", "{{.Id}}", image], {
      seconds: 20,
    }).catch(() => undefined);
    return id === undefined
      ? { ready: false, detail: "not here" }
      : { ready: true, detail: id.trim().slice(0, 19) };
  },
  async run(note) {
    try {
      await execute("docker", ["pull", "--quiet", image], { seconds: 600 });
      return "pulled";
    } catch (error) {
      if (!mayInstall()) {
        throw new Error(
          `${image} cannot be pulled (${briefly(error)}), and making it from Debian's packages needs root ` +
            "on Debian or Ubuntu: run `npm run setup` there as root once, or load the image with docker load",
          { cause: error },
        );
      }
      note("cannot be pulled from here: making it with debootstrap, about a minute");
    }
    await make();
    return "made with debootstrap";
  },
};

async function make() {
  if (!existsSync("/usr/sbin/debootstrap")) {
    await install(["debootstrap", "debian-archive-keyring", "ca-certificates"]);
  }
  const folder = mkdtempSync(join(tmpdir(), "sav3-base-image-"));
  try {
    const mirror = await debianMirror();
    const scripts = "/usr/share/debootstrap/scripts";
    // A debootstrap that is older than the release installs it like unstable, which never differs much.
    const older = existsSync(join(scripts, suite)) ? [] : [join(scripts, "sid")];
    const place = [
      suite,
      folder,
      ...(mirror === undefined && older.length === 0 ? [] : [mirror ?? ""]),
    ];
    await execute("debootstrap", ["--variant=minbase", ...place, ...older], { seconds: 900 });
    await slim(folder, mirror);
    await importImage(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The mirror this machine itself uses for Debian; undefined leaves the choice to debootstrap. */
async function debianMirror() {
  const format = "$(REPO_URI) $(ORIGIN) $(COMPONENT) $(CREATED_BY)";
  const targets = await execute("apt-get", ["indextargets", "--format", format]).catch(() => "");
  const lines = targets.split("\n").filter((line) => line.endsWith(" Debian main Packages"));
  return lines
    .map((line) => (line.split(" ")[0] ?? "").replace(/\/$/, ""))
    .find((uri) => /\/debian$/.test(uri));
}

/** What the published slim images have, too: security updates, no documentation, no services at install. */
async function slim(/** @type {string} */ folder, /** @type {string | undefined} */ mirror) {
  if (
    mirror !== undefined &&
    (await exists(`${mirror}-security/dists/${suite}-security/InRelease`))
  ) {
    writeFileSync(
      join(folder, "etc/apt/sources.list"),
      [
        `deb ${mirror} ${suite} main`,
        `deb ${mirror} ${suite}-updates main`,
        `deb ${mirror}-security ${suite}-security main`,
        "",
      ].join("\n"),
    );
  }
  const left = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*"];
  writeFileSync(
    join(folder, "etc/dpkg/dpkg.cfg.d/slim"),
    [
      ...left.map((path) => `path-exclude ${path}`),
      "path-include /usr/share/doc/*/copyright",
      "path-include /usr/share/locale/locale.alias",
      "",
    ].join("\n"),
  );
  writeFileSync(join(folder, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  for (const path of ["var/lib/apt/lists", "var/cache/apt", "usr/share/man", "usr/share/info"]) {
    rmSync(join(folder, path), { recursive: true, force: true });
    mkdirSync(join(folder, path), { recursive: true });
  }
  rmSync(join(folder, "var/log/bootstrap.log"), { force: true });
}

/** @param {string} url */
async function exists(url) {
  try {
    const answer = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(15_000) });
    return answer.ok;
  } catch {
    return false;
  }
}

/** The label lets `npm run down -- --images` find what was made here. @param {string} folder */
function importImage(folder) {
  const changes = ['CMD ["bash"]', "LABEL sav3.image=base"].flatMap((line) => ["--change", line]);
  const tar = spawn("tar", ["-C", folder, "--numeric-owner", "-c", "."], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const docker = spawn("docker", ["import", ...changes, "-", image], {
    stdio: [tar.stdout, "ignore", "inherit"],
  });
  // The engine's side has it now; held open here too, it would never be closed.
  tar.stdout.destroy();
  return Promise.all([ended("tar", tar), ended("docker import", docker)]);
}

/** @param {string} name @param {import("node:child_process").ChildProcess} child */
function ended(name, child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) resolve(undefined);
      else reject(new Error(`${name} ended with ${String(code)}`));
    });
  });
}
