import type Docker from "dockerode";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import { Client, type ClientConfig } from "pg";
import { portStream } from "../lib/container";
import type { GateNode, GatePlan, GatePooler, PoolerPlan } from "./types";

/** Where a published port is found from here: a wildcard address is reached over loopback. */
export function publishedAt(address: string): string {
  return { "0.0.0.0": "127.0.0.1", "::": "::1" }[address] ?? address;
}

/** A stream that pg takes for its socket: already connected, options of TCP ignored. */
function asSocket(stream: Duplex): Duplex {
  return Object.assign(stream, {
    connect: () => setImmediate(() => stream.emit("connect")),
    setNoDelay: () => stream,
    setKeepAlive: () => stream,
    ref: () => stream,
    unref: () => stream,
  });
}

/** What a server is trusted by. */
type Trust = Pick<GatePlan, "ca" | "crl">;

/**
 * Only a server of this name, of a trusted authority, and not revoked.
 *
 * @param host where it is reached
 */
function serverCheck(plan: Trust, name: string, host: string): ConnectionOptions {
  // Node reads only the first list of a text.
  const lists = plan.crl.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? [];
  return {
    ca: plan.ca,
    ...(lists.length > 0 && { crl: lists }),
    // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes the default.
    rejectUnauthorized: true,
    ...(isIP(host) !== 0 && { servername: name }),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}

/** Proves the gate to a node and the node to the gate. */
export function tlsOptions(plan: GatePlan, node: GateNode, host: string): ConnectionOptions {
  return {
    ...serverCheck(plan, node.node, host),
    cert: plan.certificate,
    key: plan.privateKey,
  };
}

async function open(config: ClientConfig, stream: Duplex | undefined): Promise<Client> {
  const client = new Client({ ...config, ...(stream && { stream: () => stream }) });
  // Errors of an idle connection show at its next query; unheard they would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    stream?.destroy();
    client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

/**
 * Connects `sav3_gate` to a node: verify-full against the node's own name, so that no other server passes for it.
 *
 * This and {@link connectThrough} are the functions that know how a server is reached.
 *
 * @param container through whose engine to go; undefined for the published port
 */
export async function connectTo(
  plan: GatePlan,
  node: GateNode,
  timeoutMs: number,
  container?: Docker.Container,
): Promise<Client> {
  const stream = container && asSocket(await portStream(container, 5432));
  const host = publishedAt(node.address);
  return open(
    {
      host,
      port: node.port,
      user: "sav3_gate",
      database: "postgres",
      password: plan.password,
      application_name: "sav3_gate",
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      // A primary that waits for synchronous standbys must not make the gate wait for what it examines.
      options: "-c synchronous_commit=local",
      ssl: tlsOptions(plan, node, host),
    },
    stream,
  );
}

/** Connects the application's role to a pooler, as an application does. */
export async function connectThrough(
  trust: Trust,
  plan: PoolerPlan,
  pooler: GatePooler,
  timeoutMs: number,
  container?: Docker.Container,
): Promise<Client> {
  const stream = container && asSocket(await portStream(container, 6432));
  const host = publishedAt(pooler.address);
  return open(
    {
      host,
      port: pooler.port,
      user: plan.user,
      database: plan.database,
      password: plan.password,
      application_name: "sav3_gate",
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      ssl: serverCheck(trust, pooler.pooler, host),
    },
    stream,
  );
}
