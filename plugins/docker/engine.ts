import { readFileSync } from "node:fs";
import path from "node:path";
import Docker from "dockerode";
import type { CheckAnswer } from "../lib/resource";
import { type Properties, UNKNOWN } from "../lib/values";

/** The engine the plugin works on: a client for its API, and the environment of the docker CLI. */
export interface Engine {
  readonly client: Docker;
  readonly environment: NodeJS.ProcessEnv;
}

const SUPPORTED = new Set([
  "host",
  "certPath",
  "caMaterial",
  "certMaterial",
  "keyMaterial",
  "version",
]);

/** Refuses by name what this plugin does not know; the rest goes through unchanged. */
export function checkConfig(config: Properties): CheckAnswer {
  const failures = Object.entries(config)
    .filter(([name, value]) => !SUPPORTED.has(name) && !name.startsWith("__") && value !== null)
    .map(([property]) => ({ property, reason: `"${property}" is not supported by this plugin` }));
  return { inputs: config, failures };
}

/**
 * Connects as configured: `host` (unix://, tcp://, http(s)://, ssh://, npipe://), else DOCKER_HOST, else the
 * usual socket; for TLS `certPath` (ca.pem, cert.pem, key.pem) or the three materials.
 */
export async function connectEngine(config: Properties): Promise<Engine> {
  const asked = setting(config, "host") ?? nonEmpty(process.env["DOCKER_HOST"]);
  const host = asked ?? defaultHost();
  const certPath = setting(config, "certPath") ?? nonEmpty(process.env["DOCKER_CERT_PATH"]);
  const client = new Docker(clientOptions(new URL(host), tls(config, certPath)));
  try {
    await client.ping();
  } catch (error) {
    throw new Error(`no Docker engine answers at ${host}: ${reasonOf(error)}`, { cause: error });
  }
  const environment = { ...process.env, DOCKER_HOST: host };
  if (certPath === undefined) return { client, environment };
  return {
    client,
    environment: { ...environment, DOCKER_CERT_PATH: certPath, DOCKER_TLS_VERIFY: "1" },
  };
}

interface Certificates {
  ca: string;
  cert: string;
  key: string;
}

function tls(config: Properties, certPath: string | undefined): Certificates | undefined {
  const [ca, cert, key] = ["caMaterial", "certMaterial", "keyMaterial"].map((name) =>
    setting(config, name),
  );
  if (ca !== undefined && cert !== undefined && key !== undefined) return { ca, cert, key };
  if (ca !== undefined || cert !== undefined || key !== undefined) {
    throw new Error("certMaterial, keyMaterial, and caMaterial must all be specified");
  }
  if (certPath === undefined) return undefined;
  const file = (name: string): string => readFileSync(path.join(certPath, name), "utf8");
  return { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") };
}

function clientOptions(url: URL, certificates: Certificates | undefined): Docker.DockerOptions {
  const agent = process.env["SSH_AUTH_SOCK"];
  switch (url.protocol) {
    case "unix:":
      return { socketPath: url.pathname };
    case "npipe:":
      return { socketPath: url.href.replace(/^npipe:/, "") };
    case "ssh:":
      return {
        protocol: "ssh",
        host: url.hostname,
        port: url.port === "" ? 22 : Number(url.port),
        username: url.username === "" ? (process.env["USER"] ?? "root") : url.username,
        ...(agent === undefined ? {} : { sshOptions: { agent } }),
      };
    case "tcp:":
    case "http:":
    case "https:": {
      const secure = certificates !== undefined || url.protocol === "https:";
      return {
        protocol: secure ? "https" : "http",
        host: url.hostname,
        port: url.port === "" ? (secure ? 2376 : 2375) : Number(url.port),
        ...certificates,
      };
    }
    default:
      throw new Error(`host "${url.href}" is not an address of a Docker engine`);
  }
}

function defaultHost(): string {
  return process.platform === "win32"
    ? "npipe:////./pipe/docker_engine"
    : "unix:///var/run/docker.sock";
}

function setting(config: Properties, name: string): string | undefined {
  const value = config[name];
  return typeof value === "string" && value !== UNKNOWN ? nonEmpty(value) : undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** The engine's HTTP status of a failed call; undefined when the failure is another one. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** Why a call failed, as the engine puts it. */
export function reasonOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "json" in error) {
    const { json } = error;
    if (typeof json === "object" && json !== null && "message" in json) {
      return `Error response from daemon: ${String(json.message)}`;
    }
  }
  return error instanceof Error ? error.message : String(error);
}

/** The result, or undefined when the engine says that there is no such thing. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Repeats the work while `retry` accepts its failure: 50 ms, then longer, for at most 30 seconds. */
export async function patiently(
  work: () => Promise<unknown>,
  retry: (error: unknown) => boolean,
): Promise<void> {
  const end = Date.now() + 30_000;
  for (let wait = 50; ; wait = Math.min(wait * 2, 1000)) {
    try {
      await work();
      return;
    } catch (error) {
      if (!retry(error) || Date.now() + wait > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
