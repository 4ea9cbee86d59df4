import * as pulumi from "@pulumi/pulumi";
import { readConfiguration } from "./config";
import { faultText } from "./config/faults";
import { fixedPorts } from "./config/ports";
import type { Settings } from "./config/settings";
import { connect, engineAddress, engineIsLocal } from "./lib/engine";
import { canBind } from "./lib/free-port";
import { LABEL_PROJECT, LABEL_STACK } from "./lib/labels";
import { physicalPrefix, type StackId } from "./lib/names";
import { readInitSql, type InitSql } from "./node/init-sql";

/** The engine that everything of a stack goes to. */
export interface EngineFacts {
  readonly address: string;
  /** What images are built for, e.g. `linux/amd64`. */
  readonly platform: string;
}

/** All that is known before the first resource, and known to be good. */
export interface Plan {
  readonly id: StackId;
  readonly settings: Settings;
  readonly engine: EngineFacts;
  readonly initSql: readonly InitSql[];
}

/** How long an engine may take to answer a simple question. */
const ENGINE_TIMEOUT_MS = 10_000;

/**
 * Checks all that can be checked before anything is made: configuration, stack name, files, engine, ports.
 * @throws one RunError (no stack trace) that lists every fault
 */
export async function preflight(): Promise<Plan> {
  const { id, settings, faults } = readConfiguration();
  const lines = [...faults];
  const initSql = readInitSql(settings.initSql, (fault) => lines.push(`${id.project}:${fault}`));
  const engine = await findEngine(id, settings, (fault) => lines.push(fault));
  if (engine === undefined || lines.length > 0) throw new pulumi.RunError(faultText(lines));
  return { id, settings, engine, initSql };
}

async function findEngine(
  id: StackId,
  settings: Settings,
  fault: (line: string) => void,
): Promise<EngineFacts | undefined> {
  let address = settings.dockerHost ?? "";
  try {
    address = engineAddress(settings.dockerHost);
    const docker = connect(address);
    const version = await inTime(docker.version());
    const taken = await inTime(takenPorts(id, settings, docker, engineIsLocal(address)));
    taken.forEach(fault);
    return { address, platform: `${version.Os}/${version.Arch}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    fault(
      `${id.project}:dockerHost${address === "" ? "" : ` (in use: ${address})`}: no Docker engine answers there ` +
        `(${reason}); start it, or set the key, DOCKER_HOST or the docker context to another`,
    );
    return undefined;
  }
}

/** The part of the engine's list of containers that ports are judged by. */
export interface Publishing {
  readonly Names: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly Ports: readonly { readonly IP?: string; readonly PublicPort?: number }[];
}

/** One line for every fixed port that something else than its own node holds. */
async function takenPorts(
  id: StackId,
  settings: Settings,
  docker: ReturnType<typeof connect>,
  local: boolean,
): Promise<string[]> {
  const containers: readonly Publishing[] = await docker.listContainers();
  const verdicts = await Promise.all(
    fixedPorts(settings).map(async ({ owner, key, port }) => {
      const wanted = { id, owner, address: settings.bindAddress, port };
      const holder = await portHolder(wanted, containers, local);
      if (holder === undefined) return [];
      return [
        `${id.project}:${key}: port ${port} of ${owner} on ${settings.bindAddress} is taken by ${holder}; ` +
          `set another, or 0 for a free one`,
      ];
    }),
  );
  return verdicts.flat();
}

/** A port that a container of a stack shall get. */
export interface WantedPort {
  readonly id: StackId;
  /** Host name, e.g. `pg-0`. */
  readonly owner: string;
  readonly address: string;
  readonly port: number;
}

/** Who holds a port, or undefined when nobody or its owner does. */
export async function portHolder(
  { id, owner, address, port }: WantedPort,
  containers: readonly Publishing[],
  local: boolean,
): Promise<string | undefined> {
  const publishing = containers.filter(({ Ports }) =>
    Ports.some(({ IP, PublicPort }) => PublicPort === port && addressesMeet(IP, address)),
  );
  const ofStack = ({ Labels }: Publishing): boolean =>
    Labels[LABEL_PROJECT] === id.project && Labels[LABEL_STACK] === id.stack;
  const other = publishing.find((each) => !ofStack(each));
  if (other !== undefined) return `container ${containerName(other)}`;
  // Containers are replaced side by side, so one cannot count on another to leave its port in time.
  const own = `${physicalPrefix(id)}-${owner}`;
  const sibling = publishing.find((each) => containerName(each) !== own);
  if (sibling !== undefined) return `${containerName(sibling)} of this stack as it is now`;
  if (publishing.length > 0 || !local) return undefined;
  return (await canBind(address, port)) ? undefined : "another program";
}

function containerName({ Names }: Publishing): string {
  return Names[0]?.replace(/^\//, "") ?? "without a name";
}

/** Whether two addresses that a port is published on exclude each other. */
function addressesMeet(one: string | undefined, other: string): boolean {
  const everywhere = (address: string): boolean => ["", "0.0.0.0", "::"].includes(address);
  return one === undefined || one === other || everywhere(one) || everywhere(other);
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${ENGINE_TIMEOUT_MS / 1000} s`));
    }, ENGINE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
