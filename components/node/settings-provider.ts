import type Docker from "dockerode";
import { configFailure, limitProcesses, writeConfig } from "../lib/config-volume";
import { execIn } from "../lib/container";
import { connect } from "../lib/engine";
import { openEngineLog, type EngineLog } from "../lib/engine-log";
import { hashOf, hasUnknown } from "../lib/inputs";
import { effects, knownSettings, settingsOf, type KnownNodes } from "./effects";
import { whilePaused, type PausedPooler } from "../pooler/pause";
import { restartInOrder } from "./restart";

/** Files of one node, as Pulumi hands them to the provider. */
export interface NodeFiles {
  node: string;
  containerId: string;
  /** Content by name below /etc/sav3. */
  files: Record<string, string>;
}

export interface SettingsInputs {
  dockerHost: string;
  /** The first primary first. */
  nodes: NodeFiles[];
  /** What holds clients back while the primary restarts. */
  poolers: PausedPooler[];
  restartGraceSeconds: number;
  timeoutSeconds: number;
  /** URN of the resource itself, to say things beside it (Pulumi drops an input named `urn`). */
  shownAt: string;
  version: string;
}

/** What the state keeps: never a file, only what tells that one changed. */
export interface SettingsState {
  version: string;
  /** By node: hash of its files. Each holds a private key, so that no hash can be searched for a weak password. */
  hashes: Record<string, string>;
  /** By node: container that was told about the files. */
  containers: Record<string, string>;
  contentHash: string;
  /** By node: the settings of its postgresql.conf, none of them secret, so that a preview can say what changes. */
  settings: Record<string, Record<string, string>>;
  /** Nodes that the last change restarted, in order. */
  restarted: string[];
}

/** Processes beside those that the settings allow: PostgreSQL's own, the watch, checks, shells of `docker exec`. */
const spareProcesses = 1024;

/** PostgreSQL 17's values of the settings that count processes, where the file has none. */
const processSettings: Record<string, number> = {
  max_connections: 100,
  max_worker_processes: 8,
  max_wal_senders: 10,
  autovacuum_max_workers: 3,
};

/** How many processes a node with these settings may have. */
function processLimit(conf: string): number {
  const settings = settingsOf(conf);
  const allowed = Object.entries(processSettings).map(([name, standard]) =>
    Number(settings[name]?.replaceAll("'", "") ?? standard),
  );
  return allowed.reduce((sum, each) => sum + each, spareProcesses);
}

/**
 * Tells a node's server about its new files.
 *
 * @returns the settings that only a restart brings into effect
 */
async function apply(
  container: Docker.Container,
  node: string,
  timeoutSeconds: number,
): Promise<string[]> {
  const end = Date.now() + timeoutSeconds * 1000;
  if ((await container.inspect()).State.Restarting) {
    // It refused its old files and waits, up to a minute, for its next try.
    await container.restart({ t: 10 });
  }
  // A server that is just starting may have read the old files already: ask until it answers. Without a process
  // there, twice in a row, none has read anything yet.
  for (let absent = 0; Date.now() < end;) {
    const { State } = await container.inspect();
    if (State.Status === "paused") {
      throw new Error(
        `${node}: its container is paused and cannot take its new files; next: docker unpause ${container.id.slice(0, 12)}`,
      );
    }
    if (State.Status !== "running") {
      return [];
    }
    const result = await execIn(container, ["/usr/local/bin/sav3-apply"], timeoutSeconds).catch(
      async (error: unknown) => {
        // The container may have ended in between; that is the gate's to report.
        if ((await container.inspect()).State.Running) {
          throw error;
        }
        return undefined;
      },
    );
    if (result && result.exitCode !== 0 && (await container.inspect()).State.Running) {
      throw new Error(
        `${node}: its new settings are refused, nothing was changed: ${(result.stderr || result.stdout).trim()}`,
      );
    }
    if (result?.stdout.includes('"applied"')) {
      const names = /"pendingRestart"\s*:\s*\[([^\]]*)\]/.exec(result.stdout)?.[1] ?? "";
      return names
        .split(",")
        .map((name) => name.trim().replaceAll('"', ""))
        .filter((name) => name !== "");
    }
    const process = await execIn(
      container,
      ["test", "-e", "/var/lib/postgresql/data/postmaster.pid"],
      10,
    ).catch(() => undefined);
    // No answer, as of a busy engine, is not a no.
    absent = process?.exitCode === 1 ? absent + 1 : 0;
    if (absent === 2) {
      return [];
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`${node}: its server did not take its new files within ${timeoutSeconds} s`);
}

/** Writes one node's files; the returned settings wait for a restart. */
async function write(
  docker: Docker,
  input: NodeFiles,
  version: string,
  timeoutSeconds: number,
): Promise<string[]> {
  const container = docker.getContainer(input.containerId);
  try {
    await limitProcesses(container, processLimit(input.files["postgresql.conf"] ?? ""));
    // A fresh node waits for these files, so its server cannot have read others.
    const fresh = await writeConfig(container, input.files, version);
    return fresh ? [] : await apply(container, input.node, timeoutSeconds);
  } catch (error) {
    throw await configFailure(input.node, container, error);
  }
}

async function settle(
  inputs: SettingsInputs,
  olds: Partial<SettingsState>,
  log: EngineLog,
): Promise<SettingsState> {
  const docker = connect(inputs.dockerHost);
  const hashes = Object.fromEntries(inputs.nodes.map(({ node, files }) => [node, hashOf(files)]));
  const containers = Object.fromEntries(
    inputs.nodes.map(({ node, containerId }) => [node, containerId]),
  );
  const changed = inputs.nodes.filter(
    ({ node }) =>
      olds.hashes?.[node] !== hashes[node] || olds.containers?.[node] !== containers[node],
  );
  if (changed.length > 0) {
    log.progress(`writing the files of ${changed.map(({ node }) => node).join(", ")}`);
  }
  const written = await Promise.allSettled(
    changed.map(async (input) => ({
      ...input,
      pending: await write(docker, input, hashes[input.node] ?? "", inputs.timeoutSeconds),
    })),
  );
  const faults = written.flatMap((result) =>
    result.status === "rejected" ? [String(result.reason).replace(/^Error: /, "")] : [],
  );
  if (faults.length > 0) {
    throw new Error(faults.join("\n"));
  }
  const pending = written.flatMap((result) =>
    result.status === "fulfilled" && result.value.pending.length > 0 ? [result.value] : [],
  );
  const restarted = await restartInOrder(
    inputs.nodes.map(({ node, containerId }) => ({
      node,
      container: docker.getContainer(containerId),
    })),
    Object.fromEntries(pending.map((node) => [node.node, node.pending])),
    {
      graceSeconds: inputs.restartGraceSeconds,
      timeoutSeconds: inputs.timeoutSeconds,
      say: (text) => {
        log.progress(text);
      },
      aroundPrimary: (work) =>
        whilePaused(
          docker,
          inputs.poolers,
          (text) => {
            log.progress(text);
          },
          work,
        ),
    },
  );
  log.progress(
    restarted.length > 0
      ? `files in effect, restarted: ${restarted.join(", ")}`
      : "files in effect",
  );
  const settings = Object.fromEntries(
    inputs.nodes.map(({ node, files }) => [node, knownSettings(files["postgresql.conf"] ?? "")]),
  );
  return {
    version: inputs.version,
    hashes,
    containers,
    contentHash: hashOf(hashes),
    settings,
    restarted,
  };
}

/** Says in words what a change will do to the running nodes, beside the resource and at the end. */
async function announce(olds: KnownNodes, news: SettingsInputs): Promise<void> {
  // Everything may be unknown in a preview, then there is nothing to say.
  if (!Array.isArray(news.nodes)) return;
  const coming = news.nodes.flatMap((input) => {
    const { node, containerId, files } = input;
    if (typeof node !== "string") return [];
    const known = typeof files === "object" && !hasUnknown(files);
    const conf = known ? files["postgresql.conf"] : undefined;
    return [
      {
        node,
        containerId: hasUnknown(containerId) ? undefined : containerId,
        hash: known ? hashOf(files) : undefined,
        settings: conf === undefined ? {} : knownSettings(conf),
      },
    ];
  });
  const lines = effects(olds, coming);
  if (lines.length > 0) {
    const log = openEngineLog(news.shownAt);
    await log.info(lines.join("\n"));
    log.close();
  }
}

/**
 * Settles the nodes; a failure is stored together with the fact that nobody knows what they have now. Without it an
 * `up` that takes the change back would see no difference, and leave refused files for the next start to find.
 */
async function settleOrForget(
  inputs: SettingsInputs,
  olds: Partial<SettingsState>,
): Promise<SettingsState> {
  const log = openEngineLog(inputs.shownAt);
  try {
    return await settle(inputs, olds, log);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // Everything but the files: among it is the provider, without which a later `destroy` could not load this code.
    const plain = Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "nodes"));
    throw Object.assign(new Error(text), {
      id: "settings",
      properties: {
        ...plain,
        hashes: {},
        containers: olds.containers ?? {},
        contentHash: "",
        settings: olds.settings ?? {},
        restarted: [],
      },
      reasons: [text],
    });
  } finally {
    log.close();
  }
}

/** Brings the nodes' files into effect: written, reloaded, and where PostgreSQL asks for it restarted. */
export const settingsProvider = {
  async create(inputs: SettingsInputs) {
    return { id: "settings", outs: await settleOrForget(inputs, {}) };
  },
  async update(_id: string, olds: SettingsState, news: SettingsInputs) {
    return { outs: await settleOrForget(news, olds) };
  },
  async diff(_id: string, olds: SettingsState, news: SettingsInputs) {
    const changes =
      hasUnknown(news) ||
      olds.version !== news.version ||
      olds.contentHash !==
        hashOf(Object.fromEntries(news.nodes.map(({ node, files }) => [node, hashOf(files)]))) ||
      news.nodes.some(({ node, containerId }) => olds.containers[node] !== containerId);
    if (changes) {
      await announce(olds, news);
    }
    return { changes };
  },
};
