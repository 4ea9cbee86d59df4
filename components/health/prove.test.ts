import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { prove } from "./prove";
import type { ClusterSeen, GatePlan, NodeSeen } from "./types";

const plan: GatePlan = {
  dockerHost: "",
  nodes: [
    {
      node: "pg-0",
      containerId: "",
      containerName: "x-pg-0",
      address: "127.0.0.1",
      port: 5432,
      slot: "",
    },
  ],
  primary: "pg-0",
  password: "",
  certificate: "",
  privateKey: "",
  ca: "",
  crl: "",
  maxLagBytes: 0,
};
const container = { state: "running", exitCode: 0, restarts: 0, outOfMemory: false } as const;
const well: NodeSeen = {
  node: "pg-0",
  container,
  server: {
    inRecovery: false,
    readOnly: false,
    systemIdentifier: "1",
    timeline: 1,
    lsn: "0/1",
    replayPaused: false,
    receiver: "",
    marker: "",
    slots: [],
  },
  log: [],
};
const starting: NodeSeen = {
  node: "pg-0",
  container,
  failure: { kind: "starting", text: "starting up" },
  log: [],
};
const stopped: NodeSeen = {
  ...starting,
  container: { ...container, state: "exited" },
};

/** Shows one node after another, then the last one for ever; time passes only by waiting. */
async function watch(shown: readonly NodeSeen[]) {
  let time = 0;
  let looks = 0;
  const look = (): Promise<ClusterSeen> => {
    const node = shown[Math.min(looks++, shown.length - 1)];
    return Promise.resolve({ nodes: node ? [node] : [], marker: "", markerLsn: "" });
  };
  const verdict = await prove(plan, look, {
    timeoutMs: 60_000,
    pollMs: 50,
    now: () => time,
    sleep: (ms) => {
      time += ms;
      return Promise.resolve();
    },
    lookAtPoolers: () => Promise.resolve([]),
    waiting: () => undefined,
  });
  return { codes: verdict.problems.map(({ code }) => code), took: verdict.took };
}

describe("prove", () => {
  it("is done at once with a healthy cluster", async () => {
    assert.deepEqual(await watch([well]), { codes: [], took: 0 });
  });

  it("waits for a server that starts", async () => {
    assert.deepEqual(await watch([starting, starting, well]), { codes: [], took: 100 });
  });

  it("gives up at the time-out on what might still pass", async () => {
    assert.deepEqual(await watch([starting]), { codes: ["starting"], took: 60_000 });
  });

  it("gives up early on what cannot pass, and not on a moment of it", async () => {
    assert.deepEqual(await watch([stopped]), { codes: ["container-stopped"], took: 500 });
    assert.deepEqual((await watch([stopped, stopped, starting, stopped, well])).codes, []);
  });
});
