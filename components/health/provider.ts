import { randomUUID } from "node:crypto";
import { openEngineLog } from "../lib/engine-log";
import { hashOf, hasUnknown } from "../lib/inputs";
import { resumePoolers } from "../pooler/pause";
import { connect } from "../lib/engine";
import { lookAtPoolers } from "./poolers";
import { openProbe } from "./probe";
import { prove, type Verdict } from "./prove";
import { describe, failureText, healthOf } from "./report";
import type { GatePlan, Health, NodeSeen, Problem } from "./types";

/** What Pulumi hands to the provider: the plan and what else a change of makes a new proof necessary. */
export interface GateInputs extends GatePlan {
  timeoutSeconds: number;
  /** Hash of the nodes' files. */
  settings: string;
  /** URN of the gate's own resource, to say things beside it (Pulumi drops an input named `urn`). */
  shownAt: string;
  version: string;
}

/** What the state keeps. */
export interface GateState {
  /** Absent after a gate that refused. */
  health?: Health;
  /** Inputs that were proven, as one hash: they hold secrets. */
  proven?: string;
  /** The cluster that was proven last, also after a gate that refused; empty before the first proof. */
  provenIdentifier: string;
  /** Why `refresh` found it sick; empty otherwise. */
  sick: string;
}

interface Pace {
  timeoutMs: number;
  answerMs: number;
  pollMs: number;
  /** Clients that were held back while the primary was away may go on. */
  resumes: boolean;
}

/** `diff` and `read` must be quick: they run in every preview. */
const glance = { timeoutMs: 2500, answerMs: 1500, pollMs: 100, resumes: false };

async function watch(
  plan: GatePlan,
  marker: string,
  pace: Pace,
  waiting: (problems: Problem[]) => void,
): Promise<Verdict> {
  const probe = openProbe(plan, marker, pace.answerMs);
  try {
    return await prove(plan, () => probe.look(), {
      timeoutMs: pace.timeoutMs,
      pollMs: pace.pollMs,
      now: () => Date.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      lookAtPoolers: async () => {
        if (pace.resumes && plan.pooler) {
          await resumePoolers(connect(plan.dockerHost), plan.pooler.poolers);
        }
        return lookAtPoolers(plan, pace.answerMs);
      },
      waiting,
    });
  } finally {
    await probe.close();
  }
}

function logsOf({ seen, poolers }: Verdict): NodeSeen[] {
  return [...seen.nodes, ...poolers];
}

/** Waits until the cluster is proven healthy; throws what Pulumi stores together with the failure otherwise. */
async function pass(id: string, news: GateInputs, provenIdentifier: string): Promise<GateState> {
  const inputs = { ...news, provenIdentifier };
  const log = openEngineLog(inputs.shownAt);
  try {
    const pace = {
      timeoutMs: inputs.timeoutSeconds * 1000,
      answerMs: 3000,
      pollMs: 50,
      resumes: true,
    };
    const start = Date.now();
    const verdict = await watch(inputs, randomUUID(), pace, (problems) => {
      // The usual moment until a row has travelled is not worth a word.
      if (Date.now() - start > 1000) {
        log.progress(
          `waiting for ${problems.map(({ node, code }) => `${node} (${code})`).join(", ")}`,
        );
      }
    });
    if (verdict.problems.length > 0) {
      const text = failureText(verdict.problems, logsOf(verdict), verdict.took / 1000);
      // With an id the resource stays in the state as failed, so that the next `up` tries again; the properties
      // must carry the provider, without which a later `destroy` could not load this code.
      throw Object.assign(new Error(text), {
        id,
        properties: { ...inputs, sick: verdict.problems.map(describe).join("; ") },
        reasons: [text],
      });
    }
    log.progress("a row written on the primary was read on every node");
    const health = healthOf(inputs, verdict.seen, new Date().toISOString());
    return {
      health,
      provenIdentifier: health.systemIdentifier,
      proven: hashOf(news),
      sick: "",
    };
  } finally {
    log.close();
  }
}

/** Why the cluster is sick right now; empty when it is healthy or cannot be looked at. */
async function sickness(plan: GatePlan): Promise<string> {
  const looked = watch(plan, "", glance, () => undefined).then(
    (verdict) => verdict.problems.map(describe).join("; "),
    (error: unknown) =>
      `it cannot be looked at: ${error instanceof Error ? error.message : String(error)}`,
  );
  const late = new Promise<string>((resolve) => {
    setTimeout(() => {
      resolve("it does not answer");
    }, glance.timeoutMs + 500).unref();
  });
  return Promise.race([looked, late]);
}

/**
 * The gate: `create` and `update` succeed only for a cluster proven healthy.
 *
 * `diff` and `read` look too, never fail, and turn a sick cluster into a change, so that the next `up` ends with a
 * proof or with the reason why there is none.
 */
export const gateProvider = {
  async create(inputs: GateInputs) {
    const id = inputs.settings.slice(0, 12) || "gate";
    return { id, outs: { ...inputs, ...(await pass(id, inputs, "")) } };
  },
  async update(id: string, olds: GateState, news: GateInputs) {
    return { outs: { ...news, ...(await pass(id, news, olds.provenIdentifier)) } };
  },
  async diff(_id: string, olds: GateState, news: GateInputs) {
    if (hasUnknown(news)) return { changes: true };
    const changed = olds.proven !== hashOf(news);
    // A healthy cluster that is about to change proves nothing by how it is now; a refused one still says why.
    if (changed && olds.sick === "") return { changes: true };
    const sick = await sickness({ ...news, provenIdentifier: olds.provenIdentifier });
    if (sick) {
      const log = openEngineLog(news.shownAt);
      await log.warn(`the cluster is not healthy: ${sick}`);
      log.close();
    }
    return { changes: changed || olds.sick !== "" || sick !== "" };
  },
  async read(id: string, props: GateInputs & GateState) {
    return { id, props: { ...props, sick: await sickness(props) } };
  },
};
