// What a step of the set-up is, and how one is run and reported.

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {(options: { only: boolean }) => Outcome | Promise<Outcome>} check looks; unless that is all
 *   that was asked for (`only`), it may also bring up to date what takes no time
 * @property {(note: (text: string) => void) => Promise<string>} run provides it; returns what was done
 *
 * @typedef {{ ready: boolean, detail: string }} Outcome
 */

/**
 * Checks a step and runs it when it is not ready, printing one line.
 * @param {Step} step
 * @param {{ checkOnly: boolean, quiet: boolean }} options `quiet`: says nothing about what is ready
 * @returns {Promise<boolean>} whether it is ready now
 */
export async function perform(step, { checkOnly, quiet }) {
  const start = performance.now();
  const before = await step.check({ only: checkOnly });
  if (before.ready) {
    if (!quiet) report("ok", step.title, before.detail, start);
    return true;
  }
  if (checkOnly) {
    report("missing", step.title, before.detail, start);
    return false;
  }
  try {
    const done = await step.run((text) => {
      console.error(`           ${step.title}: ${text}`);
    });
    report("done", step.title, done, start);
    return true;
  } catch (error) {
    report("FAILED", step.title, error instanceof Error ? error.message : String(error), start);
    return false;
  }
}

/** @param {string} word @param {string} title @param {string} detail @param {number} start */
function report(word, title, detail, start) {
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`  ${word.padEnd(8)} ${title}: ${detail} (${seconds} s)`);
}
