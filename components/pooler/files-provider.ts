import { configFailure, limitProcesses, writeConfig } from "../lib/config-volume";
import { execIn } from "../lib/container";
import { connect } from "../lib/engine";
import { openEngineLog, type EngineLog } from "../lib/engine-log";
import { hashOf, hasUnknown } from "../lib/inputs";
import type Docker from "dockerode";

/** Files of one pooler, as Pulumi hands them to the provider. */
export interface PoolerFilesInput {
  pooler: string;
  containerId: string;
  /** Content by name below /etc/sav3. */
  files: Record<string, string>;
}

export interface PoolerFilesInputs {
  dockerHost: string;
  poolers: PoolerFilesInput[];
  timeoutSeconds: number;
  /** URN of the resource itself, to say things beside it (Pulumi drops an input named `urn`). */
  shownAt: string;
  version: string;
}

/** What the state keeps: never a file, only what tells that one changed. */
export interface PoolerFilesState {
  version: string;
  /** By pooler: hash of its files, a private key among them. */
  hashes: Record<string, string>;
  /** By pooler: container that was told about the files. */
  containers: Record<string, string>;
  contentHash: string;
}

/** One process serves all clients; the others are the console's and the scripts'. */
const processes = 256;

function hashesOf(inputs: PoolerFilesInputs): Record<string, string> {
  return Object.fromEntries(inputs.poolers.map(({ pooler, files }) => [pooler, hashOf(files)]));
}

/** Has a running pooler read its files; one that is just starting will by itself. */
async function apply(
  container: Docker.Container,
  pooler: string,
  timeoutSeconds: number,
): Promise<void> {
  const end = Date.now() + timeoutSeconds * 1000;
  while (Date.now() < end) {
    const { State } = await container.inspect();
    if (State.Restarting) {
      // It refused its old files and waits, up to a minute, for its next try.
      await container.restart({ t: 10 });
      return;
    }
    if (State.Paused) {
      throw new Error(
        `${pooler}: its container is paused and cannot take its new files; next: docker unpause ${container.id.slice(0, 12)}`,
      );
    }
    if (!State.Running) {
      return;
    }
    const result = await execIn(container, ["sav3-apply"], timeoutSeconds).catch(
      async (error: unknown) => {
        // The container may have ended in between; that is the gate's to report.
        if ((await container.inspect()).State.Running) {
          throw error;
        }
        return undefined;
      },
    );
    if (result?.stdout.includes('"applied"')) {
      return;
    }
    if (result && result.exitCode !== 0) {
      throw new Error(
        `${pooler}: its new files are refused: ${(result.stderr || result.stdout).trim()}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`${pooler}: it did not take its new files within ${timeoutSeconds} s`);
}

async function settle(
  inputs: PoolerFilesInputs,
  olds: Partial<PoolerFilesState>,
  log: EngineLog,
): Promise<PoolerFilesState> {
  const docker = connect(inputs.dockerHost);
  const hashes = hashesOf(inputs);
  const changed = inputs.poolers.filter(
    ({ pooler, containerId }) =>
      olds.hashes?.[pooler] !== hashes[pooler] || olds.containers?.[pooler] !== containerId,
  );
  if (changed.length > 0) {
    log.progress(`writing the files of ${changed.map(({ pooler }) => pooler).join(", ")}`);
  }
  await Promise.all(
    changed.map(async ({ pooler, containerId, files }) => {
      const container = docker.getContainer(containerId);
      try {
        await limitProcesses(container, processes);
        const fresh = await writeConfig(container, files, hashes[pooler] ?? "");
        if (!fresh) {
          await apply(container, pooler, inputs.timeoutSeconds);
        }
      } catch (error) {
        throw await configFailure(pooler, container, error);
      }
    }),
  );
  return {
    version: inputs.version,
    hashes,
    containers: Object.fromEntries(
      inputs.poolers.map(({ pooler, containerId }) => [pooler, containerId]),
    ),
    contentHash: hashOf(hashes),
  };
}

/** Says in words what a change does to the clients of the poolers that stay. */
async function announce(olds: PoolerFilesState, news: PoolerFilesInputs): Promise<void> {
  // In a preview everything may be unknown, then there is nothing to say.
  if (!Array.isArray(news.poolers)) return;
  const staying = news.poolers.filter(({ pooler }) => olds.containers[pooler] !== undefined);
  const replaced = staying.filter(
    ({ pooler, containerId }) => olds.containers[pooler] !== containerId,
  );
  const reloaded = staying.filter(
    ({ pooler, containerId, files }) =>
      olds.containers[pooler] === containerId &&
      !hasUnknown(files) &&
      olds.hashes[pooler] !== hashOf(files),
  );
  const named = (some: typeof staying) => some.map(({ pooler }) => pooler).join(" and ");
  const lines = [
    ...(replaced.length > 0
      ? [`${named(replaced)}: containers are replaced, their clients have to connect again`]
      : []),
    ...(reloaded.length > 0
      ? [`settings, login or certificates of ${named(reloaded)}: reloaded, clients stay connected`]
      : []),
  ];
  if (lines.length > 0) {
    const log = openEngineLog(news.shownAt);
    await log.info(lines.join("\n"));
    log.close();
  }
}

/** The same, and after a failure nobody knows what the poolers have, so that the next `up` writes all files. */
async function settleOrForget(
  inputs: PoolerFilesInputs,
  olds: Partial<PoolerFilesState>,
): Promise<PoolerFilesState> {
  const log = openEngineLog(inputs.shownAt);
  try {
    return await settle(inputs, olds, log);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // Everything but the files: among it is the provider, without which a later `destroy` could not load this code.
    const plain = Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "poolers"));
    throw Object.assign(new Error(text), {
      id: "pooler-files",
      properties: { ...plain, hashes: {}, containers: olds.containers ?? {}, contentHash: "" },
      reasons: [text],
    });
  } finally {
    log.close();
  }
}

/** Brings the poolers' files into effect: written, then reloaded. */
export const poolerFilesProvider = {
  async create(inputs: PoolerFilesInputs) {
    return { id: "pooler-files", outs: await settleOrForget(inputs, {}) };
  },
  async update(_id: string, olds: PoolerFilesState, news: PoolerFilesInputs) {
    return { outs: await settleOrForget(news, olds) };
  },
  async diff(_id: string, olds: PoolerFilesState, news: PoolerFilesInputs) {
    const changes =
      hasUnknown(news) ||
      olds.version !== news.version ||
      olds.contentHash !== hashOf(hashesOf(news)) ||
      news.poolers.some(({ pooler, containerId }) => olds.containers[pooler] !== containerId);
    if (changes) {
      await announce(olds, news);
    }
    return { changes };
  },
};
