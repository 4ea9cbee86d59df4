import type Docker from "dockerode";
import { execIn } from "../lib/container";

/** One pool of a pooler: the server connections of a pair of database and role, and who uses or awaits them. */
export interface Pool {
  readonly database: string;
  readonly user: string;
  readonly clientsActive: number;
  readonly clientsWaiting: number;
  readonly serversActive: number;
  readonly serversIdle: number;
  /** Seconds that the client has waited which has waited longest. */
  readonly longestWaitSeconds: number;
}

/** Rows of an answer of the admin console, by column. */
export function consoleRows(answer: string): Record<string, string>[] {
  const [heading = "", ...lines] = answer.split("\n").filter((line) => line !== "");
  const names = heading.split("\t");
  return lines.map((line) => {
    const cells = line.split("\t");
    return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? ""]));
  });
}

/** The pools of a pooler, without the console's own. @throws when its container or console does not answer */
export async function poolsOf(container: Docker.Container): Promise<Pool[]> {
  const { exitCode, stdout, stderr } = await execIn(container, ["sav3-console", "show pools"], 10);
  if (exitCode !== 0) throw new Error(stderr.trim());
  return consoleRows(stdout)
    .filter(({ database }) => database !== "pgbouncer")
    .map((row) => {
      const number = (name: string) => Number(row[name] ?? 0);
      return {
        database: row["database"] ?? "",
        user: row["user"] ?? "",
        clientsActive: number("cl_active"),
        clientsWaiting: number("cl_waiting"),
        serversActive: number("sv_active"),
        // "used" ones have been idle for a while.
        serversIdle: number("sv_idle") + number("sv_used"),
        longestWaitSeconds: number("maxwait"),
      };
    });
}
