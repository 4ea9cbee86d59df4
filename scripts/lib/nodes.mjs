// The running parts of a stack, found by their labels: no state and no secret is needed to reach them.
import { configuredEngine } from "./stack-settings.mjs";
import { engineOf } from "./labelled.mjs";

/** @typedef {{ node: string, container: string }} Node */

/**
 * @param {string} stack
 * @returns {Node[]} the stack's PostgreSQL nodes, `pg-0` first
 */
export function nodesOf(stack) {
  return parts(stack, /-(pg-\d+)$/);
}

/**
 * @param {string} stack
 * @returns {Node[]} everything of the stack that writes a log: nodes and poolers
 */
export function partsOf(stack) {
  return parts(stack, /-(pg-\d+|pgbouncer(?:-read)?)$/);
}

/** @param {string} stack @param {RegExp} ending of a container's name, with the part's own name as its group */
function parts(stack, ending) {
  const nodes = engineOf(stack)
    .containers()
    .flatMap(({ name }) => {
      const node = ending.exec(name)?.[1];
      return node === undefined ? [] : [{ node, container: name }];
    })
    .sort((a, b) => a.node.localeCompare(b.node, "en", { numeric: true }));
  if (nodes.length === 0) {
    throw new Error(`the stack ${stack} has no containers; next: npm run up -- --stack ${stack}`);
  }
  return nodes;
}

/** @param {string} stack @param {string} name such as `pg-1` @param {Node[]} nodes among which */
export function nodeOf(stack, name, nodes = nodesOf(stack)) {
  const found = nodes.find(({ node }) => node === name);
  if (found === undefined) {
    throw new Error(
      `there is no node ${name}; nodes are ${nodes.map(({ node }) => node).join(", ")}`,
    );
  }
  return found;
}

/** Environment of the docker CLI for the stack's engine. @param {string} stack @returns {NodeJS.ProcessEnv} */
export function dockerEnvironment(stack) {
  const address = configuredEngine(stack);
  return address === undefined ? process.env : { ...process.env, DOCKER_HOST: address };
}
