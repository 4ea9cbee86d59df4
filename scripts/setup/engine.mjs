// Step: a Docker engine that answers.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { available, install, isDebian, mayInstall } from "./debian.mjs";
import { briefly, execute } from "./execute.mjs";
import { toolsDirectory } from "./paths.mjs";

/** How long a started engine gets to answer. */
const startSeconds = 60;

/** @type {import("./steps.mjs").Step} */
export const engine = {
  title: "Docker engine",
  async check() {
    try {
      const version = await execute("docker", ["version", "--format", "{{.Server.Version}}"], {
        seconds: 20,
      });
      return { ready: true, detail: `answers, version ${version.trim()}` };
    } catch (error) {
      return { ready: false, detail: briefly(error) };
    }
  },
  async run() {
    const elsewhere = await remoteAddress();
    if (elsewhere !== undefined) {
      throw new Error(
        `the engine at ${elsewhere} does not answer: start it, or choose another one`,
      );
    }
    const installed = await hasEngine();
    if (!mayInstall()) throw new Error(whatToDo(installed));
    if (!installed) await install(["docker.io", "ca-certificates", ...(await extras())]);
    await start();
    return installed ? "started" : "installed and started";
  },
};

/** Newer releases have the command line and the mounting of cgroups in packages of their own. */
function extras() {
  return available(["docker-cli", "cgroupfs-mount"]);
}

/** An address that this machine's own engine does not have; undefined for the usual socket. */
async function remoteAddress() {
  const named = process.env["DOCKER_HOST"];
  if (named) return named.startsWith("unix:///var/run/docker.sock") ? undefined : named;
  const format = ["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
  const address = (await execute("docker", format).catch(() => "")).trim();
  return address === "" || address === "unix:///var/run/docker.sock" ? undefined : address;
}

async function hasEngine() {
  const programs = ["dockerd", "docker"].map((name) => execute(name, ["--version"]));
  return (await Promise.allSettled(programs)).every(({ status }) => status === "fulfilled");
}

/** By systemd where it runs; otherwise on its own, outliving this process. */
async function start() {
  if (existsSync("/run/systemd/system")) {
    await execute("systemctl", ["start", "docker"], { seconds: startSeconds });
  } else if (!(await answers(3))) {
    mkdirSync(toolsDirectory(), { recursive: true });
    const log = join(toolsDirectory(), "dockerd.log");
    const output = openSync(log, "a");
    const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] });
    const gone = new Promise((_resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => {
        reject(new Error(`dockerd ended with ${String(code)}: see ${log}`));
      });
    });
    writeFileSync(join(toolsDirectory(), "dockerd.pid"), `${String(child.pid)}\n`);
    child.unref();
    if (await Promise.race([answers(startSeconds), gone])) return;
    throw new Error(`dockerd does not answer after ${String(startSeconds)} s: see ${log}`);
  }
  if (!(await answers(startSeconds))) throw new Error("the Docker engine does not answer");
}

/** @param {number} seconds */
async function answers(seconds) {
  const until = Date.now() + seconds * 1000;
  do {
    const said = await execute("docker", ["version", "--format", "{{.Server.Version}}"], {
      seconds: 20,
    }).catch(() => undefined);
    if (said !== undefined) return true;
    await sleep(250);
  } while (Date.now() < until);
  return false;
}

/** @param {boolean} installed */
function whatToDo(installed) {
  if (process.platform !== "linux") {
    return "no Docker engine answers: install and start Docker Desktop (or OrbStack, colima), then try again";
  }
  if (installed) {
    return (
      "a Docker engine is installed but does not answer this user: start it (systemctl start docker), or add " +
      "yourself to the group docker (usermod -aG docker NAME, as root) and log in again"
    );
  }
  return isDebian()
    ? "no Docker engine: run, as root, apt-get install docker.io (on Debian 13 also docker-cli), and " +
        "usermod -aG docker NAME for your own user"
    : "no Docker engine: install Docker Engine 20.10 or newer for your system and start it";
}
