import * as pulumi from "@pulumi/pulumi";
import { connect } from "../lib/engine";
import { openEngineLog } from "../lib/engine-log";
import { hasUnknown } from "../lib/inputs";
import { ownUrn } from "../lib/own-urn";
import { sourceVersion } from "../lib/source-version";
import { pausePoolers, type PausedPooler } from "./pause";

/** Arguments of {@link PrimaryPause}. */
export interface PrimaryPauseArgs {
  /** Address of the engine that runs the poolers. */
  dockerHost: pulumi.Input<string>;
  /** Poolers that lead to the primary. */
  poolers: readonly { pooler: string; containerId: pulumi.Input<string> }[];
  /** Whatever replaces the primary's container when it changes, as one text. */
  container: pulumi.Input<string>;
}

interface Inputs {
  dockerHost: string;
  poolers: PausedPooler[];
  container: string;
  shownAt: string;
  version: string;
}

interface State {
  container: string;
  version: string;
}

/** Acts on a change only: what is made for the first time has no clients. */
export const primaryPauseProvider = {
  create(inputs: Inputs) {
    const { container, version: made } = inputs;
    return Promise.resolve({ id: "primary-pause", outs: { container, version: made } });
  },
  async update(_id: string, olds: State, news: Inputs) {
    if (olds.container !== news.container) {
      const log = openEngineLog(news.shownAt);
      log.progress(
        `holding clients back at ${news.poolers.map((each) => each.pooler).join(" and ")}`,
      );
      await pausePoolers(connect(news.dockerHost), news.poolers);
      log.close();
    }
    return { outs: { container: news.container, version: news.version } };
  },
  diff(_id: string, olds: State, news: Inputs) {
    const changes =
      hasUnknown(news.container) ||
      olds.container !== news.container ||
      olds.version !== news.version;
    return Promise.resolve({ changes });
  },
};

const version = sourceVersion(__dirname, [
  "primary-pause.ts",
  "pause.ts",
  "../lib/container.ts",
  "../lib/engine.ts",
  "../lib/engine-log.ts",
  "../lib/inputs.ts",
]);

/**
 * Holds clients back at the poolers right before the primary's container is replaced. The gate lets them go on once
 * the primary is back; a time limit in the poolers does when nobody comes that far.
 */
export class PrimaryPause extends pulumi.dynamic.Resource {
  constructor(name: string, args: PrimaryPauseArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      primaryPauseProvider,
      name,
      { ...args, shownAt: ownUrn("PrimaryPause", name, opts?.parent), version },
      opts,
      "sav3",
      "PrimaryPause",
    );
  }
}
