import type Docker from "dockerode";
import type { Client } from "pg";
import { lastLines } from "../lib/container";
import { connect, engineIsLocal } from "../lib/engine";
import { classifyError } from "./classify";
import { connectTo } from "./connection";
import { readMarker, readState, writeMarker } from "./queries";
import type {
  ClusterSeen,
  ContainerSeen,
  Failure,
  GateNode,
  GatePlan,
  NodeSeen,
  ServerSeen,
} from "./types";

/** Looks at a cluster again and again over connections it keeps. */
export interface Probe {
  /** One look at every node, all at the same time. Never throws. */
  look(): Promise<ClusterSeen>;
  close(): Promise<void>;
}

/** What is remembered of a node between two looks. */
interface Line {
  client?: Client | undefined;
  /** Last refusal and when to knock again: a refused login every 50 ms would only fill the server's log. */
  failure?: Failure | undefined;
  retryAt: number;
  /** When the failures began that have not ended yet. */
  failedAt?: number | undefined;
  log: string[];
  logAt: number;
}

/** Starting a process in a container costs the servers that are just starting: not at once, and not often. */
const detour = { afterMs: 1500, everyMs: 1000 };

const pauseAfter: Partial<Record<Failure["kind"], number>> = {
  authentication: 500,
  certificate: 500,
  protocol: 500,
  timeout: 500,
};

/**
 * @param marker text to write on the primary and to look for on the replicas; empty to leave the cluster untouched
 * @param answerMs how long one node may take to answer
 */
export function openProbe(plan: GatePlan, marker: string, answerMs: number): Probe {
  const docker = connect(plan.dockerHost);
  const lines = new Map<string, Line>(
    plan.nodes.map(({ node }) => [node, { retryAt: 0, log: [], logAt: 0 }]),
  );
  const inner = new Map<string, Line>(
    plan.nodes.map(({ node }) => [node, { retryAt: 0, log: [], logAt: 0 }]),
  );
  let markerLsn = "";

  async function ask(
    node: GateNode,
    line: Line,
    container?: Docker.Container,
  ): Promise<ServerSeen | Failure> {
    if (line.failure && Date.now() < line.retryAt) {
      return line.failure;
    }
    try {
      line.client ??= await connectTo(plan, node, answerMs, container);
      const server = await readState(line.client);
      if (marker && !server.inRecovery && !server.readOnly && !markerLsn) {
        markerLsn = await writeMarker(line.client, marker);
      }
      line.failure = undefined;
      line.failedAt = undefined;
      return { ...server, marker: marker ? await readMarker(line.client) : "" };
    } catch (error) {
      line.client?.end().catch(() => undefined);
      line.client = undefined;
      line.failure = classifyError(error);
      line.failedAt ??= Date.now();
      line.retryAt =
        Date.now() + (container ? detour.everyMs : (pauseAfter[line.failure.kind] ?? 0));
      return line.failure;
    }
  }

  /** Last lines of a node's log, read at most twice a second. */
  async function log(line: Line, container: Docker.Container, since = 0): Promise<string[]> {
    if (Date.now() - line.logAt > 500) {
      line.log = await lastLines(container, 25, since);
      line.logAt = Date.now();
    }
    return line.log;
  }

  async function lookAt(node: GateNode): Promise<NodeSeen> {
    const line = lines.get(node.node) ?? { retryAt: 0, log: [], logAt: 0 };
    const container = docker.getContainer(node.containerId);
    const answer = await ask(node, line);
    if (!("kind" in answer)) {
      const idle = answer.inRecovery && answer.receiver !== "streaming";
      return {
        node: node.node,
        container: { state: "running", exitCode: 0, restarts: 0, outOfMemory: false },
        server: answer,
        log: idle ? await log(line, container) : [],
      };
    }
    const { seen, startedAt } = await inspect(container);
    return {
      node: node.node,
      container: seen,
      failure: answer,
      // Why an earlier start failed says nothing about the one under way.
      log: await log(line, container, seen.state === "running" ? startedAt : 0),
    };
  }

  function worthDetour({ node, failure }: NodeSeen): boolean {
    if (!failure || failure.kind === "starting" || failure.kind === "authentication") {
      return false;
    }
    const since = lines.get(node)?.failedAt ?? Date.now();
    const foreign = failure.kind === "certificate" || failure.kind === "protocol";
    return foreign || !engineIsLocal(plan.dockerHost) || Date.now() - since >= detour.afterMs;
  }

  /** Asks through the engine those nodes whose published port did not lead to them. */
  async function throughEngine(nodes: NodeSeen[]): Promise<NodeSeen[]> {
    const asked = await Promise.all(
      nodes.map(async (seen) => {
        const node = plan.nodes.find((candidate) => candidate.node === seen.node);
        const line = inner.get(seen.node);
        if (!node || !line || seen.container.state !== "running" || !worthDetour(seen)) {
          return seen;
        }
        const answer = await ask(node, line, docker.getContainer(node.containerId));
        if (!("kind" in answer)) {
          return { ...seen, server: answer };
        }
        // Inside the container nothing stands between: what it says there counts.
        return answer.kind === "starting" || answer.kind === "authentication"
          ? { ...seen, failure: answer }
          : seen;
      }),
    );
    // No port leads anywhere from here, but the engine does: this machine is not where the ports are.
    const blind = asked.every(
      (seen) => !seen.failure || ["refused", "timeout"].includes(seen.failure.kind),
    );
    const portsLead = nodes.some((seen) => seen.server);
    return blind && !portsLead
      ? asked.map(({ failure, ...seen }) => (seen.server || !failure ? seen : { ...seen, failure }))
      : asked;
  }

  return {
    async look() {
      const seen = await throughEngine(await Promise.all(plan.nodes.map(lookAt)));
      return { nodes: seen, marker: markerLsn ? marker : "", markerLsn };
    },
    async close() {
      const open = [...lines.values(), ...inner.values()].flatMap((line) => line.client ?? []);
      await Promise.allSettled(open.map((client) => client.end()));
    },
  };
}

const states = ["created", "running", "paused", "restarting", "exited", "dead"] as const;

/** A container as the engine reports it, and when it was started (milliseconds since 1970). */
export async function inspect(
  container: Docker.Container,
): Promise<{ seen: ContainerSeen; startedAt: number }> {
  try {
    const { State, RestartCount } = await container.inspect();
    return {
      seen: {
        state: states.find((state) => state === State.Status) ?? "unknown",
        exitCode: State.ExitCode,
        restarts: RestartCount,
        outOfMemory: State.OOMKilled,
      },
      startedAt: Date.parse(State.StartedAt),
    };
  } catch (error) {
    const missing =
      typeof error === "object" &&
      error !== null &&
      "statusCode" in error &&
      error.statusCode === 404;
    return {
      seen: {
        state: missing ? "missing" : "unknown",
        exitCode: 0,
        restarts: 0,
        outOfMemory: false,
      },
      startedAt: 0,
    };
  }
}
