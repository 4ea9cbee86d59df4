import type Docker from "dockerode";
import { execIn, lastLines } from "../lib/container";

/** A node that may have to restart. The first primary comes first in lists of them. */
export interface RestartNode {
  node: string;
  container: Docker.Container;
}

export interface RestartOptions {
  /** Seconds that a server has to stop cleanly. */
  graceSeconds: number;
  /** Seconds that a node has to be back. */
  timeoutSeconds: number;
  say: (text: string) => void;
  /** Called with what restarts the primary, for those who hold its clients back meanwhile. */
  aroundPrimary?: (work: () => Promise<void>) => Promise<void>;
}

/**
 * Restarts the nodes that wait for it, one at a time, each back in its place before the next.
 *
 * Replicas first, so that the primary is the last to go, unless one of the settings that a standby may not have
 * lower than its primary is lowered: then the primary first.
 *
 * @param pending by node: settings that wait for a restart
 * @returns the restarted nodes, in order
 */
export async function restartInOrder(
  nodes: readonly RestartNode[],
  pending: Readonly<Record<string, readonly string[]>>,
  options: RestartOptions,
): Promise<string[]> {
  const waiting = nodes.filter(({ node }) => (pending[node] ?? []).length > 0);
  if (waiting.length === 0) {
    return [];
  }
  const primary = await findPrimary(nodes);
  const replicas = waiting.filter((node) => node !== primary);
  const first = primary && waiting.includes(primary) ? [primary] : [];
  const order =
    primary && first.length > 0 && (await lowers(primary))
      ? [...first, ...replicas]
      : [...replicas, ...first];
  for (const node of order) {
    options.say(`restarting ${node.node} for ${(pending[node.node] ?? []).join(", ")}`);
    const restart = async () => {
      await node.container.restart({ t: options.graceSeconds });
      await untilBack(node, node === primary ? undefined : primary, options);
    };
    await (node === primary && options.aroundPrimary ? options.aroundPrimary(restart) : restart());
    if (node === primary) {
      const followers = nodes.filter((other) => other !== primary);
      const position = await psql(primary, "SELECT pg_current_wal_lsn()");
      await Promise.all(followers.map((follower) => untilFollowing(follower, position, options)));
    }
  }
  return order.map(({ node }) => node);
}

async function psql(node: RestartNode, sql: string): Promise<string> {
  const result = await execIn(
    node.container,
    ["psql", "-X", "-At", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c", sql],
    10,
  );
  if (result.exitCode !== 0) {
    throw new Error(`${node.node}: ${result.stderr.trim()}`);
  }
  return result.stdout.trim();
}

/** The answer of a server, or nothing while there is none. */
async function ask(node: RestartNode, sql: string): Promise<string> {
  return psql(node, sql).catch(() => "");
}

async function findPrimary(nodes: readonly RestartNode[]): Promise<RestartNode | undefined> {
  const answers = await Promise.all(nodes.map((node) => ask(node, "SELECT pg_is_in_recovery()")));
  return nodes.find((_node, index) => answers[index] === "f");
}

/** Whether the files lower one of the five settings that a standby may not have lower than its primary. */
async function lowers(primary: RestartNode): Promise<boolean> {
  const answer = await psql(
    primary,
    `SELECT count(*) FROM pg_settings now
     WHERE name IN ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction')
       AND setting::bigint > coalesce(
         (SELECT setting FROM pg_file_settings file WHERE file.name = now.name ORDER BY seqno DESC LIMIT 1), boot_val)::bigint`,
  );
  return answer !== "0";
}

async function until(
  node: RestartNode,
  expected: string,
  options: RestartOptions,
  done: () => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + options.timeoutSeconds * 1000;
  while (!(await done())) {
    const { State } = await node.container.inspect();
    if (State.Status === "exited" || State.Status === "dead" || Date.now() > end) {
      const seen = State.Running
        ? `still not after ${options.timeoutSeconds} s`
        : `its container exited with code ${State.ExitCode}`;
      const lines = await lastLines(node.container, 8);
      throw new Error(
        `${node.node} after its restart: expected ${expected}, seen: ${seen}\nlast log lines:\n  ${lines.join("\n  ")}\n` +
          `next: npm run logs -- --node ${node.node}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function untilBack(
  node: RestartNode,
  primary: RestartNode | undefined,
  options: RestartOptions,
): Promise<void> {
  await until(
    node,
    primary ? `streaming from ${primary.node}` : "a server that answers",
    options,
    async () =>
      primary
        ? (await ask(node, "SELECT status FROM pg_stat_wal_receiver")) === "streaming"
        : (await ask(node, "SELECT 1")) === "1",
  );
}

/**
 * Waits until a running replica knows its primary's new settings: it refuses to start with lower ones than it has
 * heard of. A replay that PostgreSQL paused has heard too: raised settings pause it until its own restart.
 */
async function untilFollowing(
  node: RestartNode,
  position: string,
  options: RestartOptions,
): Promise<void> {
  const { State } = await node.container.inspect();
  if (!State.Running) {
    return;
  }
  const sql = `SELECT pg_last_wal_replay_lsn() >= '${position}' OR pg_get_wal_replay_pause_state() <> 'not paused'`;
  await until(
    node,
    "following the primary again",
    options,
    async () => (await ask(node, sql)) === "t",
  );
}
