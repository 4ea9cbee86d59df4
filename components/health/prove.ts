import { evaluate } from "./evaluate";
import { poolerProblems, type PoolerSeen } from "./poolers";
import type { ClusterSeen, GatePlan, Problem } from "./types";

/** What waiting for a healthy cluster came to; healthy when no problem is left. */
export interface Verdict {
  seen: ClusterSeen;
  /** Empty where there are none, and while the servers are not well. */
  poolers: PoolerSeen[];
  problems: Problem[];
  /** Milliseconds it took. */
  took: number;
}

/** How long to wait, and the clock to wait by (tests pass their own). */
export interface Patience {
  timeoutMs: number;
  pollMs: number;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  /** One query through every pooler. */
  lookAtPoolers: () => Promise<PoolerSeen[]>;
  /** Told what is still wrong, after every look that found something. */
  waiting: (problems: Problem[]) => void;
}

/**
 * Looks until the cluster is healthy, a fault has stayed so long that waiting is pointless, or the time is over. The
 * poolers are asked once the servers are well: what is wrong behind them is no fault of theirs.
 */
export async function prove(
  plan: GatePlan,
  look: () => Promise<ClusterSeen>,
  patience: Patience,
): Promise<Verdict> {
  const start = patience.now();
  let since = new Map<string, number>();
  for (;;) {
    const seen = await look();
    const found = evaluate(plan, seen);
    const poolers = found.length === 0 ? await patience.lookAtPoolers() : [];
    const problems = [...found, ...poolerProblems(plan, poolers)];
    const now = patience.now();
    const first = since;
    since = new Map(
      problems.map((problem) => [nameOf(problem), first.get(nameOf(problem)) ?? now]),
    );
    const hopeless = problems.some(
      (problem) =>
        problem.hopelessAfter !== undefined &&
        now - (since.get(nameOf(problem)) ?? now) >= problem.hopelessAfter,
    );
    if (problems.length === 0 || hopeless || now - start >= patience.timeoutMs) {
      return { seen, poolers, problems, took: now - start };
    }
    patience.waiting(problems);
    await patience.sleep(patience.pollMs);
  }
}

function nameOf(problem: Problem): string {
  return `${problem.node} ${problem.code}`;
}
