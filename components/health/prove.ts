import { evaluate } from "./evaluate";
import type { ClusterSeen, GatePlan, Problem } from "./types";

/** What waiting for a healthy cluster came to; healthy when no problem is left. */
export interface Verdict {
  seen: ClusterSeen;
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
  /** Told what is still wrong, after every look that found something. */
  waiting: (problems: Problem[]) => void;
}

/** Looks until the cluster is healthy, a fault has stayed so long that waiting is pointless, or the time is over. */
export async function prove(
  plan: GatePlan,
  look: () => Promise<ClusterSeen>,
  patience: Patience,
): Promise<Verdict> {
  const start = patience.now();
  let since = new Map<string, number>();
  for (;;) {
    const seen = await look();
    const problems = evaluate(plan, seen);
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
      return { seen, problems, took: now - start };
    }
    patience.waiting(problems);
    await patience.sleep(patience.pollMs);
  }
}

function nameOf(problem: Problem): string {
  return `${problem.node} ${problem.code}`;
}
