import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { bridged } from "../../lib/bridged";
import type { ResourceType } from "../../lib/resource";
import { identity } from "../../lib/sets";
import { type Properties, type Value, asText, blocks, given, sameValue } from "../../lib/values";
import { type Engine, reasonOf, statusOf, unlessGone } from "../engine";
import { ensureImage } from "../image/pull";
import { containerFields } from "./fields";
import { createOptions, endpointOptions, resources, restartPolicy } from "./options";
import { seenState } from "./state";
import { uploadArchive } from "./uploads";

/** Properties that `docker update` brings into a container without replacing it. */
const UPDATABLE = [
  "restart",
  "maxRetryCount",
  "cpuShares",
  "memory",
  "memoryReservation",
  "cpuSet",
  "memorySwap",
];

const options = {
  deleteBeforeReplace: true,
  autoNamed: true,
  // The engine lists ports by number, the program in its own order.
  suppress: { ports: samePorts },
};

/** Containers. */
export function containerType(engine: () => Engine): ResourceType {
  return bridged(containerFields, options, {
    async create(wanted, log) {
      const { client } = engine();
      const image = asText(wanted["image"]);
      await ensureImage(engine(), image, given(wanted["platform"]), log).catch(
        because(`Unable to create container with image ${image}`),
      );
      const container = await client
        .createContainer(createOptions(wanted))
        .catch(because("Unable to create container"));
      try {
        await prepare(client, container, wanted);
        await start(container, wanted);
      } catch (error) {
        // A container that is half made would block its name and ports for the next try.
        await container.remove({ force: true }).catch(() => undefined);
        throw error;
      }
      const logs = await outcome(container, wanted);
      if (logs !== undefined) finished.set(container.id, logs);
      return container.id;
    },
    async look(id, state) {
      const info = await unlessGone(engine().client.getContainer(id).inspect());
      if (info === undefined) return undefined;
      const logs = finished.get(id);
      return { ...seenState(info, state), ...(logs === undefined ? {} : { containerLogs: logs }) };
    },
    async update(id, wanted, before) {
      const container = engine().client.getContainer(id);
      if (before["mustRun"] !== true && wanted["mustRun"] === true && wanted["start"] === true) {
        await ignoring(304, container.start()).catch(because("Unable to start container"));
      }
      if (UPDATABLE.every((name) => sameValue(before[name] ?? 0, wanted[name] ?? 0))) return;
      await container
        .update({ ...resources(wanted), RestartPolicy: restartPolicy(wanted) })
        .catch(because("Unable to update a container"));
    },
    async remove(id, state) {
      const container = engine().client.getContainer(id);
      // Without a grace period the released plugin kills at once; so does this one.
      const grace = Number(state["destroyGraceSeconds"] ?? 0);
      if (state["attach"] !== true) {
        await ignoring(304, unlessGone(container.stop({ t: grace }))).catch(
          because(`Error stopping container ${id}`),
        );
      }
      const removal = unlessGone(
        container.remove({ v: state["removeVolumes"] === true, force: true }),
      );
      // 409: somebody else, or --rm, is removing it already.
      await ignoring(409, removal).catch(because(`Error deleting container ${id}`));
      await unlessGone(container.wait({ condition: "removed" })).catch(() => undefined);
    },
  });
}

/** Output of containers that ran to their end during their creation, until their state is read. */
const finished = new Map<string, string>();

/** Networks and files, before the container starts. */
async function prepare(
  client: Docker,
  container: Docker.Container,
  wanted: Properties,
): Promise<void> {
  const networks = blocks(wanted["networksAdvanced"]);
  if (networks.length > 0) {
    await client
      .getNetwork("bridge")
      .disconnect({ Container: container.id })
      .catch((error: unknown) => {
        const message = reasonOf(error);
        if (message.includes("is not connected to")) return;
        throw new Error(`Unable to disconnect the default network: ${message}`, { cause: error });
      });
  }
  for (const network of networks) {
    const name = asText(network["name"]);
    await client
      .getNetwork(name)
      .connect({ Container: container.id, EndpointConfig: endpointOptions(network) })
      .catch(because(`Unable to connect to network '${name}'`));
  }
  const uploads = blocks(wanted["uploads"]);
  if (uploads.length > 0) {
    await container
      .putArchive(await uploadArchive(uploads), { path: "/" })
      .catch(because("Unable to upload volume content"));
  }
}

async function start(container: Docker.Container, wanted: Properties): Promise<void> {
  if (wanted["start"] !== true) return;
  await container.start().catch(because("Unable to start container"));
  if (wanted["wait"] === true) await untilHealthy(container, Number(wanted["waitTimeout"]));
}

/** Waits for the health check to pass; fails at once when the container ends. */
async function untilHealthy(container: Docker.Container, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const { State: state } = await container.inspect();
    if (state.Health === undefined) {
      throw new Error(
        "you have supplied a 'wait' argument, but the container does not have a healthcheck defined. " +
          "Please remove the 'wait' argument or add a 'healthcheck' attribute",
      );
    }
    if (state.Health.Status === "healthy") return;
    if (!state.Running && !state.Restarting) {
      const output = await logsOf(container, 20);
      throw new Error(`container ended with exit code ${String(state.ExitCode)}:\n${output}`);
    }
    if (Date.now() > end) throw new Error("container failed to be in healthy state");
    await sleep(100);
  }
}

/** With `attach`, waits for the end of the container; answers its output with `logs`. */
async function outcome(
  container: Docker.Container,
  wanted: Properties,
): Promise<string | undefined> {
  if (wanted["attach"] !== true) return undefined;
  await container.wait();
  return wanted["logs"] === true ? logsOf(container) : undefined;
}

async function logsOf(container: Docker.Container, tail?: number): Promise<string> {
  const { Config: config } = await container.inspect();
  const raw = await container.logs({
    stdout: true,
    stderr: true,
    follow: false,
    ...(tail === undefined ? {} : { tail }),
  });
  return config.Tty ? raw.toString() : demultiplex(raw);
}

/** Without a terminal every piece of output comes with 8 bytes before it: stream, and length at the end. */
function demultiplex(raw: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const end = at + 8 + raw.readUInt32BE(at + 4);
    pieces.push(raw.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString();
}

/** Ports are the same in any order. */
function samePorts(before: Value, after: Value): boolean {
  if (!Array.isArray(before) || !Array.isArray(after) || before.length !== after.length)
    return false;
  const [left, right] = [before.map(identity).sort(), after.map(identity).sort()];
  return left.every((port, i) => port === right[i]);
}

/** Puts what was tried before the reason why it failed. */
function because(tried: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${tried}: ${reasonOf(error)}`, { cause: error });
  };
}

async function ignoring(code: number, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (statusOf(error) !== code) throw error;
  }
}
