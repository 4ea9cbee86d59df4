import { refusalInLog } from "./classify";
import { discard, discardOther, problem } from "./problem";
import type { ContainerSeen, GateNode, NodeSeen, Problem } from "./types";

/** What is wrong with a node's container; nothing when it runs. */
export function containerProblem(node: GateNode, look: NodeSeen): Problem | undefined {
  const { state, restarts } = look.container;
  const refusal = look.server ? "" : refusalInLog(look.log);
  // A container that refuses to start is started again and again; between two attempts it counts as running.
  if (refusal && (restarts > 0 || state !== "running")) {
    return refusalProblem(node, refusal.replace(/^.*?sav3: refused: /, ""));
  }
  const expected = `container ${node.containerName} running`;
  const start = `docker start ${node.containerName}`;
  switch (state) {
    case "running":
    case "unknown":
      return undefined;
    case "missing":
      return problem(node, "container-missing", {
        seen: "no container of this id",
        expected,
        next: "npm run up -- --refresh",
        hopelessAfter: 0,
      });
    case "created":
      return problem(node, "container-stopped", {
        seen: "container never started",
        expected,
        next: start,
        hopelessAfter: 2000,
      });
    case "paused":
      return problem(node, "container-paused", {
        seen: "container paused",
        expected,
        next: `docker unpause ${node.containerName}`,
        hopelessAfter: 500,
      });
    case "restarting":
      return problem(node, "container-exited", {
        seen: `restarting again and again, last ${ended(look.container)}`,
        expected,
        ...(restarts >= 3 && { hopelessAfter: 500 }),
      });
    default: {
      const stopped = look.container.exitCode === 0;
      return problem(node, stopped ? "container-stopped" : "container-exited", {
        seen: `container ${stopped ? "stopped" : "exited"}, ${ended(look.container)}`,
        expected,
        next: start,
        hopelessAfter: 500,
      });
    }
  }
}

/** Why a node does not start, in the words of its entrypoint. */
function refusalProblem(node: GateNode, seen: string): Problem {
  // A replica's data can be seeded again; a primary's are looked at by people first.
  const next = node.slot === "" ? {} : { next: discard(node) };
  if (/cluster \d+.* cluster\s+\d+/s.test(seen)) {
    const expected = "data of this cluster, not of another cluster";
    const look = node.slot === "" ? {} : { next: discardOther(node) };
    return problem(node, "other-cluster", { seen, expected, ...look, hopelessAfter: 0 });
  }
  if (seen.includes("promoted")) {
    const expected = "a standby's data";
    return problem(node, "promoted", { seen, expected, ...next, hopelessAfter: 0 });
  }
  return problem(node, "refused", { seen, expected: "a node that starts", hopelessAfter: 0 });
}

function ended({ exitCode, outOfMemory }: ContainerSeen): string {
  return `exit code ${exitCode}${outOfMemory ? ", killed by its memory limit" : ""}`;
}

/** What is wrong on the way to a node whose container runs. */
export function portProblem(node: GateNode, look: NodeSeen): Problem | undefined {
  const { failure, server } = look;
  if (!failure) {
    return undefined;
  }
  const where = `${node.address}:${node.port}`;
  switch (failure.kind) {
    case "authentication":
      return problem(node, "authentication", {
        seen: `sav3_gate is refused: ${failure.text}`,
        expected: "the gate's password and certificate accepted",
        hopelessAfter: 3000,
      });
    case "starting":
      return problem(node, "starting", { seen: failure.text, expected: "a server that is up" });
    case "certificate":
    case "protocol":
      // Through the engine the node itself answers, or it never speaks like this: somebody else has its port.
      if (server || failure.kind === "protocol") {
        return problem(node, "port-foreign", {
          seen: `port ${where} is answered by another program: ${failure.text}`,
          expected: `${node.node} on port ${where}`,
          next: `docker port ${node.containerName}`,
          hopelessAfter: 2000,
        });
      }
      return problem(node, "certificate", {
        seen: `certificate not accepted: ${failure.text}`,
        expected: `a certificate for ${node.node} of this cluster's authority`,
        next: "npm run up",
        hopelessAfter: 2000,
      });
    default:
      if (server) {
        return problem(node, "port-unreachable", {
          seen: `port ${where} does not lead to the server, which the engine reaches: ${failure.text}`,
          expected: `${node.node} on port ${where}`,
          next: `docker restart ${node.containerName}`,
          hopelessAfter: 5000,
        });
      }
      return problem(node, "unreachable", {
        seen: `no server on ${where}: ${failure.text}`,
        expected: "a server that accepts connections",
      });
  }
}
