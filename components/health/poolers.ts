import type Docker from "dockerode";
import { execIn, lastLines } from "../lib/container";
import { connect, engineIsLocal } from "../lib/engine";
import { classifyError } from "./classify";
import { connectThrough } from "./connection";
import { inspect } from "./probe";
import { containerProblem } from "./reach";
import { problem } from "./problem";
import type { Failure, GateNode, GatePlan, GatePooler, NodeSeen, Problem } from "./types";

/** What one query through a pooler came to. */
export interface PoolerSeen extends NodeSeen {
  /** Node that answered, e.g. `pg-1`; empty when none did. */
  reached: string;
  /** Whether that node may only be read. */
  readOnly: boolean;
  /** Its console says that no new transaction may begin. */
  paused: boolean;
}

/** A pooler in the place of a node, for what is said about containers. */
function asNode(pooler: GatePooler): GateNode {
  return { ...pooler, node: pooler.pooler, slot: "" };
}

/**
 * Runs a query through every pooler. Never throws.
 *
 * @param answerMs how long one pooler may take to answer
 */
export async function lookAtPoolers(plan: GatePlan, answerMs: number): Promise<PoolerSeen[]> {
  const { pooler: ways } = plan;
  if (!ways) return [];
  const docker = connect(plan.dockerHost);
  return Promise.all(
    ways.poolers.map(async (pooler) => {
      const container = docker.getContainer(pooler.containerId);
      const ask = async (through?: typeof container) => {
        try {
          const client = await connectThrough(plan, ways, pooler, answerMs, through);
          try {
            const { rows } = await client.query<{ node: string; standby: boolean }>(
              "SELECT current_setting('cluster_name') AS node, pg_is_in_recovery() AS standby",
            );
            return { reached: rows[0]?.node ?? "", readOnly: rows[0]?.standby === true };
          } finally {
            client.end().catch(() => undefined);
          }
        } catch (error) {
          return classifyError(error);
        }
      };
      const running = {
        node: pooler.pooler,
        container: { state: "running" as const, exitCode: 0, restarts: 0, outOfMemory: false },
        log: [],
        paused: false,
      };
      const answer = await ask();
      if (!("kind" in answer)) return { ...running, ...answer };
      const { seen } = await inspect(container);
      const none = { reached: "", readOnly: false, failure: answer };
      const state = { ...running, container: seen, log: await lastLines(container, 25) };
      if (seen.state !== "running") return { ...state, ...none };
      // Where no published port is reachable from here, the way through the engine counts.
      if (!engineIsLocal(plan.dockerHost)) {
        const inner = await ask(container);
        if (!("kind" in inner)) return { ...state, ...inner };
      }
      return { ...state, ...none, paused: await isPaused(container) };
    }),
  );
}

async function isPaused(container: Docker.Container): Promise<boolean> {
  const answer = await execIn(container, ["sav3-console", "show state"], 5).catch(() => undefined);
  return /^paused\tyes$/m.test(answer?.stdout ?? "");
}

/** Everything that is wrong with the poolers. */
export function poolerProblems(plan: GatePlan, seen: readonly PoolerSeen[]): Problem[] {
  return (plan.pooler?.poolers ?? []).flatMap((pooler) => {
    const look = seen.find(({ node }) => node === pooler.pooler);
    if (!look) return [];
    const node = asNode(pooler);
    const stopped = containerProblem(node, look);
    if (stopped) return [stopped];
    if (look.paused) {
      return [
        problem(node, "pooler-paused", {
          seen: "paused: clients wait for their first statement",
          expected: "a pooler that lets transactions begin",
          next: `docker exec ${pooler.containerName} sav3-resume`,
          hopelessAfter: 1000,
        }),
      ];
    }
    if (look.failure) return [failed(plan, pooler, look.failure)];
    return look.readOnly === (pooler.leadsTo === "replica")
      ? []
      : [
          problem(node, "pooler-wrong-node", {
            seen: `it leads to ${look.reached}, which ${look.readOnly ? "may only be read" : "accepts writes"}`,
            expected: `a ${pooler.leadsTo}`,
            next: "npm run up",
            hopelessAfter: 5000,
          }),
        ];
  });
}

function failed(plan: GatePlan, pooler: GatePooler, { kind, text }: Failure): Problem {
  const node = asNode(pooler);
  const where = `${pooler.address}:${pooler.port}`;
  switch (kind) {
    case "authentication":
      return problem(node, "pooler-authentication", {
        seen: `${plan.pooler?.user ?? ""} is refused: ${text}`,
        expected: "the application's role and password accepted",
        next: "npm run up",
        hopelessAfter: 5000,
      });
    case "certificate":
    case "protocol":
      return problem(node, "port-foreign", {
        seen: `port ${where} is answered by something that is not ${pooler.pooler}: ${text}`,
        expected: `${pooler.pooler} on port ${where}, with its certificate`,
        next: `docker port ${pooler.containerName}`,
        hopelessAfter: 5000,
      });
    case "timeout":
      return problem(node, "pooler-waits", {
        seen: `no server connection for a query on ${where}: ${text}`,
        expected: `a query that reaches a ${pooler.leadsTo}`,
      });
    default:
      return problem(node, "pooler-unreachable", {
        seen: `no query gets through ${where}: ${text}`,
        expected: `a query that reaches a ${pooler.leadsTo}`,
      });
  }
}
