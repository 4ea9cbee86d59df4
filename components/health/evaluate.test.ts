import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { evaluate } from "./evaluate";
import { lsnDistance } from "./lsn";
import type { ClusterSeen, ContainerSeen, GatePlan, NodeSeen, ServerSeen, SlotSeen } from "./types";

const plan: GatePlan = {
  dockerHost: "unix:///var/run/docker.sock",
  nodes: ["", "pg_1", "pg_2"].map((slot, index) => ({
    node: `pg-${index}`,
    containerId: `id-${index}`,
    containerName: `x-pg-${index}`,
    address: "127.0.0.1",
    port: 5432 + index,
    slot,
  })),
  primary: "pg-0",
  password: "",
  certificate: "",
  privateKey: "",
  ca: "",
  crl: "",
  maxLagBytes: 1000,
};
const running: ContainerSeen = { state: "running", exitCode: 0, restarts: 0, outOfMemory: false };
const slot = (name: string, change: Partial<SlotSeen> = {}): SlotSeen => ({
  name,
  active: true,
  walStatus: "reserved",
  holder: name,
  holderState: "streaming",
  holderTls: true,
  ...change,
});
const primary: ServerSeen = {
  inRecovery: false,
  readOnly: false,
  systemIdentifier: "7711",
  timeline: 2,
  lsn: "0/3000100",
  replayPaused: false,
  receiver: "",
  marker: "m",
  slots: [slot("pg_1"), slot("pg_2")],
};
const replica: ServerSeen = {
  ...primary,
  inRecovery: true,
  lsn: "0/3000100",
  receiver: "streaming",
  slots: [],
};
const idle = slot("pg_1", { active: false, holder: "", holderState: "", holderTls: false });

/** Changes to a healthy look: by server field, or the whole node. */
interface Change {
  primary?: Partial<ServerSeen>;
  replica?: Partial<ServerSeen>;
  /** Replaces what is seen of pg-1. */
  node?: Omit<NodeSeen, "node">;
  log?: string[];
  marker?: string;
}

function look(change: Change = {}): ClusterSeen {
  const one: NodeSeen = {
    node: "pg-1",
    container: running,
    server: { ...replica, ...change.replica },
    log: change.log ?? [],
  };
  return {
    marker: change.marker ?? "m",
    markerLsn: "0/3000080",
    nodes: [
      { node: "pg-0", container: running, server: { ...primary, ...change.primary }, log: [] },
      change.node ? { node: "pg-1", ...change.node } : one,
      { node: "pg-2", container: running, server: replica, log: [] },
    ],
  };
}

const gone = (change: Partial<ContainerSeen>): Omit<NodeSeen, "node"> => ({
  container: { ...running, ...change },
  failure: { kind: "refused", text: "ECONNREFUSED" },
  log: [],
});
const silent = { receiver: "", marker: "" };
const refusedPassword =
  'FATAL: could not connect to the primary server: FATAL:  password authentication failed for user "replicator"';

/** Name, what is seen, and every "node code" that must be found, in order. */
const sick: readonly [string, Change, string[], hopeless: boolean][] = [
  [
    "replica stopped",
    { node: gone({ state: "exited" }), primary: { slots: [idle, slot("pg_2")] } },
    ["pg-1 container-stopped"],
    true,
  ],
  [
    "replica exited",
    { node: gone({ state: "exited", exitCode: 137 }), primary: { slots: [idle, slot("pg_2")] } },
    ["pg-1 container-exited"],
    true,
  ],
  [
    "replay paused",
    { replica: { replayPaused: true, marker: "old" } },
    ["pg-1 replay-paused"],
    true,
  ],
  [
    "replica of another cluster",
    { replica: { systemIdentifier: "42", ...silent } },
    ["pg-1 other-cluster"],
    true,
  ],
  [
    "replica of another cluster, refused at its start",
    {
      node: {
        ...gone({ restarts: 1 }),
        log: [
          "sav3: refused: the data volume holds cluster 42, the primary is cluster 7711; remove it",
        ],
      },
    },
    ["pg-1 other-cluster"],
    true,
  ],
  [
    "replica promoted",
    { replica: { inRecovery: false, timeline: 3 }, primary: { slots: [idle, slot("pg_2")] } },
    ["pg-1 promoted"],
    true,
  ],
  [
    "wrong replication password",
    { replica: silent, log: [refusedPassword], primary: { slots: [idle, slot("pg_2")] } },
    ["pg-1 replication-password"],
    true,
  ],
  [
    "wrong replication password while seeding",
    { node: { ...gone({}), log: [refusedPassword] }, primary: { slots: [idle, slot("pg_2")] } },
    ["pg-1 replication-password"],
    true,
  ],
  [
    "slot missing",
    {
      primary: { slots: [slot("pg_2")] },
      replica: silent,
      log: ['FATAL: replication slot "pg_1" does not exist'],
    },
    ["pg-1 slot-missing"],
    true,
  ],
  [
    "slot lost",
    {
      primary: { slots: [slot("pg_1", { active: false, walStatus: "lost" }), slot("pg_2")] },
      replica: silent,
    },
    ["pg-1 slot-lost"],
    true,
  ],
  ["lag over the limit", { primary: { lsn: "0/3001000" } }, ["pg-1 lag", "pg-2 lag"], false],
  ["primary read-only", { primary: { readOnly: true } }, ["pg-0 primary-read-only"], true],
  [
    "replica on an old timeline",
    { replica: { timeline: 1, ...silent } },
    ["pg-1 timeline-old"],
    true,
  ],
  [
    "port answered by another program",
    {
      node: {
        container: running,
        server: replica,
        failure: { kind: "protocol", text: "There was an error establishing an SSL connection" },
        log: [],
      },
    },
    ["pg-1 port-foreign"],
    true,
  ],
  [
    "port answered by another PostgreSQL",
    {
      node: {
        container: running,
        server: replica,
        failure: { kind: "certificate", text: "self-signed certificate in certificate chain" },
        log: [],
      },
    },
    ["pg-1 port-foreign"],
    true,
  ],
  [
    "certificate of another authority",
    {
      node: {
        container: running,
        failure: { kind: "certificate", text: "unable to verify" },
        log: [],
      },
    },
    ["pg-1 certificate"],
    true,
  ],
  [
    "gate's login refused",
    {
      node: {
        container: running,
        failure: { kind: "authentication", text: "password authentication failed" },
        log: [],
      },
    },
    ["pg-1 authentication"],
    true,
  ],
  ["container missing", { node: gone({ state: "missing" }) }, ["pg-1 container-missing"], true],
  ["container paused", { node: gone({ state: "paused" }) }, ["pg-1 container-paused"], true],
  [
    "killed by its memory limit",
    { node: gone({ state: "exited", exitCode: 137, outOfMemory: true }) },
    ["pg-1 container-exited"],
    true,
  ],
  [
    "primary became a standby",
    { primary: { inRecovery: true } },
    ["pg-0 primary-in-recovery"],
    true,
  ],
  [
    "replication without TLS",
    { primary: { slots: [slot("pg_1", { holderTls: false }), slot("pg_2")] } },
    ["pg-1 replication-without-tls"],
    true,
  ],
  [
    "slot held by a stale base backup",
    {
      replica: silent,
      primary: {
        slots: [
          slot("pg_1", { holder: "pg_basebackup", holderState: "base backup" }),
          slot("pg_2"),
        ],
      },
    },
    ["pg-1 not-streaming"],
    false,
  ],
  ["marker not replayed yet", { replica: { marker: "old" } }, ["pg-1 marker"], false],
  [
    "server starting",
    {
      node: {
        container: running,
        failure: { kind: "starting", text: "the database system is starting up" },
        log: [],
      },
    },
    ["pg-1 starting"],
    false,
  ],
  [
    "two faults of one node",
    {
      replica: { replayPaused: true },
      primary: { slots: [slot("pg_1", { walStatus: "lost" }), slot("pg_2")] },
    },
    ["pg-1 slot-lost", "pg-1 replay-paused"],
    true,
  ],
  [
    "stopped and its slot lost",
    {
      node: gone({ state: "exited" }),
      primary: { slots: [slot("pg_1", { active: false, walStatus: "lost" }), slot("pg_2")] },
    },
    ["pg-1 container-stopped", "pg-1 slot-lost"],
    true,
  ],
];

describe("evaluate", () => {
  it("finds nothing wrong with a healthy cluster, with and without a marker", () => {
    assert.deepEqual(evaluate(plan, look()), []);
    assert.deepEqual(evaluate(plan, look({ marker: "", replica: { marker: "" } })), []);
  });

  for (const [name, change, expected, hopeless] of sick) {
    it(`names: ${name}`, () => {
      const problems = evaluate(plan, look(change));
      assert.deepEqual(
        problems.map(({ node, code }) => `${node} ${code}`),
        expected,
      );
      assert.equal(
        problems.some(({ hopelessAfter }) => hopelessAfter !== undefined),
        hopeless,
      );
      for (const { seen, expected: wanted, next } of problems) {
        assert.ok(seen && wanted && next);
      }
    });
  }

  it("says what a stopped primary is and leaves out that replicas wait for it", () => {
    const seen = look();
    seen.nodes[0] = { node: "pg-0", ...gone({ state: "exited" }) };
    seen.nodes[1] = {
      node: "pg-1",
      container: running,
      server: { ...replica, ...silent },
      log: ["could not connect: Connection refused"],
    };
    assert.deepEqual(
      evaluate(plan, seen).map(({ node, code }) => `${node} ${code}`),
      ["pg-0 container-stopped"],
    );
  });

  it("forgets a reason in the log once streaming started after it", () => {
    const log = [refusedPassword, "LOG: started streaming WAL from primary"];
    const problems = evaluate(plan, look({ replica: { receiver: "catchup" }, log }));
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["not-streaming"],
    );
  });

  it("where roles move, accepts any one primary and refuses two or none", () => {
    const moving = { ...plan, primary: "" };
    assert.deepEqual(evaluate(moving, look()), []);
    const two = evaluate(moving, look({ replica: { inRecovery: false } }));
    assert.ok(two.some(({ node, code }) => code === "two-primaries" && node === "pg-0, pg-1"));
    const none = evaluate(moving, look({ primary: { inRecovery: true } }));
    assert.ok(none.some(({ code }) => code === "no-primary"));
  });
});

describe("lsnDistance", () => {
  it("counts bytes across the 4 GiB border and never below zero", () => {
    assert.equal(lsnDistance("0/FFFFFFFF", "1/0"), 1);
    assert.equal(lsnDistance("0/10", "0/1F"), 15);
    assert.equal(lsnDistance("1/0", "0/1"), 0);
    assert.equal(lsnDistance("", "0/1"), 0);
  });
});
