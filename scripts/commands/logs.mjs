// `npm run logs -- [--node pg-1] [--follow] [--tail N] [--since 10m]`: the nodes' logs, in the order of time.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { takeFlag, takeOption } from "../lib/arguments.mjs";
import { command } from "../lib/command.mjs";
import { dockerEnvironment, nodeOf, partsOf } from "../lib/nodes.mjs";
import { selectStack } from "../lib/selection.mjs";

/**
 * Reads one node's log line by line, with the engine's time stamps.
 * @param {string[]} options
 * @param {string} container
 * @param {NodeJS.ProcessEnv} env
 * @param {(line: string) => void} take
 * @returns {Promise<number>} exit code of `docker logs`
 */
function read(options, container, env, take) {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", ["logs", "--timestamps", ...options, container], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", take);
    }
    child.on("error", reject);
    child.on("close", (code) => {
      resolve(code ?? 0);
    });
  });
}

/** @param {string} node @param {string} line with a time stamp in front */
function show(node, line) {
  console.log(`${node} | ${line.slice(line.indexOf(" ") + 1)}`);
}

await command(async (args) => {
  // A reader that has seen enough (`| head`) is no fault.
  process.stdout.on("error", () => process.exit(0));
  const { stack, rest: afterStack } = selectStack(args);
  const { value: name, rest: afterNode } = takeOption(afterStack, ["--node"]);
  const { given: long, rest: afterLong } = takeFlag(afterNode, "--follow");
  const { given: short, rest } = takeFlag(afterLong, "-f");
  const follow = long || short;
  const parts = partsOf(stack);
  const nodes = name === undefined ? parts : [nodeOf(stack, name, parts)];
  const env = dockerEnvironment(stack);
  /** @type {{ node: string, line: string }[]} */
  const lines = [];
  const codes = await Promise.all(
    nodes.map(({ node, container }) =>
      read(follow ? ["--follow", ...rest] : rest, container, env, (line) => {
        if (follow) show(node, line);
        else lines.push({ node, line });
      }),
    ),
  );
  // Stable: lines of one node keep their order even when the engine gave them the same time.
  const stamp = (/** @type {string} */ line) => line.slice(0, line.indexOf(" "));
  lines.sort((a, b) =>
    stamp(a.line) < stamp(b.line) ? -1 : Number(stamp(a.line) > stamp(b.line)),
  );
  for (const { node, line } of lines) show(node, line);
  return Math.max(...codes);
});
