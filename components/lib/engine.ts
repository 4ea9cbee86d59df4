// The one form of import that Pulumi's closure serialiser keeps as a package under ts-node and tsx alike.
// eslint-disable-next-line @typescript-eslint/no-require-imports
import Docker = require("dockerode");
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** How `docker` finds its engine: DOCKER_HOST first, then the current context, then the usual socket. */
export interface EngineLookup {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: string;
}

/**
 * The one engine address that everything uses.
 *
 * @param configured the config key `dockerHost`; wins when it is set
 * @returns an address such as `unix:///var/run/docker.sock`, `tcp://host:2376` or `ssh://user@host`
 * @throws when the current docker context is not readable
 */
export function engineAddress(
  configured?: string,
  lookup: EngineLookup = { env: process.env, home: homedir(), platform: process.platform },
): string {
  if (configured) {
    return configured;
  }
  if (lookup.env["DOCKER_HOST"]) {
    return lookup.env["DOCKER_HOST"];
  }
  const folder = lookup.env["DOCKER_CONFIG"] ?? join(lookup.home, ".docker");
  const context = lookup.env["DOCKER_CONTEXT"] ?? currentContext(folder);
  if (context && context !== "default") {
    return contextAddress(folder, context);
  }
  if (lookup.platform === "win32") {
    return "npipe:////./pipe/docker_engine";
  }
  const desktop = join(lookup.home, ".docker/run/docker.sock");
  return !existsSync("/var/run/docker.sock") && existsSync(desktop)
    ? `unix://${desktop}`
    : "unix:///var/run/docker.sock";
}

function currentContext(folder: string): string {
  const file = join(folder, "config.json");
  return existsSync(file) ? textAt(readJson(file), ["currentContext"]) : "";
}

function contextAddress(folder: string, context: string): string {
  const id = createHash("sha256").update(context).digest("hex");
  const file = join(folder, "contexts/meta", id, "meta.json");
  const address = existsSync(file) ? textAt(readJson(file), ["Endpoints", "docker", "Host"]) : "";
  if (!address) {
    throw new Error(
      `The current docker context "${context}" has no engine address; ` +
        `set sav3-postgres:dockerHost, or choose another with: docker context use NAME`,
    );
  }
  return address;
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

function textAt(value: unknown, path: readonly string[]): string {
  let at = value;
  for (const key of path) {
    at =
      typeof at === "object" && at !== null ? Object.entries(at).find(([k]) => k === key)?.[1] : "";
  }
  return typeof at === "string" ? at : "";
}

/** True when the engine publishes ports on this machine, so that 127.0.0.1 here is 127.0.0.1 there. */
export function engineIsLocal(address: string): boolean {
  if (/^(unix|npipe):/.test(address)) {
    return true;
  }
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(address).hostname);
}

/**
 * A client of the engine at this address. It opens no connection yet.
 *
 * Everything is stated, because dockerode fills gaps from DOCKER_HOST, which may name another engine.
 */
export function connect(address: string): Docker {
  if (/^(unix|npipe):/.test(address)) {
    return new Docker({ socketPath: address.replace(/^\w+:\/\//, ""), host: "", protocol: "http" });
  }
  const { protocol, hostname, port, username } = new URL(address);
  if (protocol === "ssh:") {
    return new Docker({
      protocol: "ssh",
      host: hostname,
      port: port || "22",
      username,
      sshOptions: { agent: process.env["SSH_AUTH_SOCK"] ?? "" },
    });
  }
  const tls = protocol === "https:" || process.env["DOCKER_TLS_VERIFY"] === "1" || port === "2376";
  return new Docker({ protocol: tls ? "https" : "http", host: hostname, port: port || "2375" });
}
