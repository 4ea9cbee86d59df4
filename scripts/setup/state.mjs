// Step: where the stacks are kept.
import { backend, environment } from "./environment.mjs";

/** @type {import("./steps.mjs").Step} */
export const state = {
  title: "State",
  check() {
    // Reading the environment also makes the folder and the passphrase of a local backend.
    environment();
    const { kind, url, reason } = backend();
    return {
      ready: true,
      detail:
        kind === "local" ? `${reason}, passphrase beside it` : `${reason}${url ? ` (${url})` : ""}`,
    };
  },
  run() {
    return Promise.resolve("");
  },
};
