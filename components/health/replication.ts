import { causeInLog, type LogCause } from "./classify";
import { lsnDistance } from "./lsn";
import { discard, discardOther, problem } from "./problem";
import type {
  ClusterSeen,
  GateNode,
  GatePlan,
  NodeSeen,
  Problem,
  ServerSeen,
  SlotSeen,
} from "./types";

/** A node that answers, as it should be a standby, and whom it should follow. */
export interface ReplicaLook {
  plan: GatePlan;
  node: GateNode;
  look: NodeSeen;
  server: ServerSeen;
  primary: { node: string; server: ServerSeen } | undefined;
  seen: ClusterSeen;
}

/** What is wrong with a replica's slot on the primary, whether the replica answers or not. */
export function slotProblem(node: GateNode, primary: ServerSeen | undefined): Problem | undefined {
  if (!primary || !node.slot) {
    return undefined;
  }
  const slot = primary.slots.find((candidate) => candidate.name === node.slot);
  const next = `docker restart ${node.containerName}`;
  if (!slot) {
    return problem(node, "slot-missing", {
      seen: `the primary has no slot ${node.slot}`,
      expected: `physical slot ${node.slot}`,
      next,
      hopelessAfter: 3000,
    });
  }
  if (slot.walStatus === "lost") {
    return problem(node, "slot-lost", {
      seen: `slot ${node.slot} is lost: the primary no longer has the WAL that the node needs`,
      expected: "a slot that keeps WAL; the node seeds itself anew when it starts",
      next,
      // A running node notices by itself and seeds itself anew; that frees the slot first.
      hopelessAfter: 15_000,
    });
  }
  return undefined;
}

/** Everything that is wrong with a node that answers and should be a replica. */
export function replicaProblems(replica: ReplicaLook): Problem[] {
  const { plan, node, server, primary } = replica;
  if (primary && server.systemIdentifier !== primary.server.systemIdentifier) {
    return [
      problem(node, "other-cluster", {
        seen: `system identifier ${server.systemIdentifier}`,
        expected: `system identifier ${primary.server.systemIdentifier}, as on ${primary.node}`,
        next: discardOther(node),
        hopelessAfter: 500,
      }),
    ];
  }
  if (!server.inRecovery) {
    // Where roles move, a second primary is reported once for the cluster.
    return plan.primary === ""
      ? []
      : [
          problem(node, "promoted", {
            seen: `it was promoted and accepts writes on timeline ${server.timeline}`,
            expected: `a standby of ${plan.primary}`,
            next: discard(node),
            hopelessAfter: 1000,
          }),
        ];
  }
  const found = [...present(slotProblem(node, primary?.server)), ...present(pauseProblem(replica))];
  found.push(...present(streamProblem(replica, found)), ...present(lagProblem(replica)));
  return found.length > 0 ? found : present(markerProblem(replica));
}

function present(found: Problem | undefined): Problem[] {
  return found ? [found] : [];
}

function pauseProblem({ node, server }: ReplicaLook): Problem | undefined {
  return server.replayPaused
    ? problem(node, "replay-paused", {
        seen: "replay is paused",
        expected: "replay going on",
        next: `npm run psql -- --node ${node.node} -c 'SELECT pg_wal_replay_resume()'`,
        hopelessAfter: 1000,
      })
    : undefined;
}

function streamProblem(
  { node, look, server, primary }: ReplicaLook,
  known: Problem[],
): Problem | undefined {
  if (!primary) {
    return undefined;
  }
  const held = primary.server.slots.find((slot) => slot.name === node.slot);
  const streams = server.receiver === "streaming" && held?.holderState === "streaming";
  const cause = streams ? undefined : causeInLog(look.log);
  if (server.timeline !== primary.server.timeline) {
    return problem(node, "timeline-old", {
      seen: `on timeline ${server.timeline}`,
      expected: `timeline ${primary.server.timeline}, as on ${primary.node}`,
      hopelessAfter: 5000,
    });
  }
  if (cause) {
    return known.some(({ code }) => code === cause.code) ? undefined : causeProblem(node, cause);
  }
  if (!streams && known.length === 0) {
    return problem(node, "not-streaming", {
      seen: describeStream(node, server, held),
      expected: `streaming from ${primary.node} through slot ${node.slot}`,
    });
  }
  return streams && !held.holderTls
    ? problem(node, "replication-without-tls", {
        seen: "its replication connection is not encrypted",
        expected: "TLS",
        hopelessAfter: 500,
      })
    : undefined;
}

function describeStream(node: GateNode, server: ServerSeen, slot: SlotSeen | undefined): string {
  const receiver = server.receiver ? `WAL receiver ${server.receiver}` : "no WAL receiver";
  const holder = slot?.active
    ? `held by ${slot.holder || "an unknown connection"} (${slot.holderState || "not streaming"})`
    : "idle";
  return `${receiver}, slot ${node.slot} ${holder}`;
}

function lagProblem({ plan, node, server, primary }: ReplicaLook): Problem | undefined {
  const lag = primary ? lsnDistance(server.lsn, primary.server.lsn) : 0;
  return primary && lag > plan.maxLagBytes
    ? problem(node, "lag", {
        seen: `${lag} bytes behind ${primary.node}`,
        expected: `at most ${plan.maxLagBytes} bytes (sav3-postgres:maxReplicationLagBytes)`,
        next: "npm run status",
      })
    : undefined;
}

function markerProblem({ node, server, primary, seen }: ReplicaLook): Problem | undefined {
  return primary && seen.marker && server.marker !== seen.marker
    ? problem(node, "marker", {
        seen: `the row written on ${primary.node} at ${seen.markerLsn} is not here yet, replayed to ${server.lsn}`,
        expected: "the row",
      })
    : undefined;
}

const explained: Record<LogCause["code"], string> = {
  "replication-password": "the primary refuses its replication password",
  "replication-refused": "primary and replica do not accept each other for replication",
  "slot-missing": "the primary does not have its slot",
  "slot-lost": "the primary no longer has the WAL that it needs",
  "other-cluster": "its data belongs to another cluster than the primary's",
  "timeline-old": "its timeline and the primary's have parted",
  "primary-unreachable": "it does not reach the primary",
};

/** Why a standby does not stream, in the words of its own log. */
export function causeProblem(node: GateNode, cause: LogCause): Problem {
  const files = cause.code === "replication-password" || cause.code === "replication-refused";
  return problem(node, cause.code, {
    seen: `${explained[cause.code]} (${cause.line})`,
    expected: "streaming replication",
    ...(files && { next: "npm run up" }),
    ...(cause.code.startsWith("slot-") && { next: `docker restart ${node.containerName}` }),
    ...(cause.code !== "primary-unreachable" && { hopelessAfter: 5000 }),
  });
}
