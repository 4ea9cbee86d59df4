import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after } from "node:test";

/** One end of a container's life, as the engine told it. */
export interface Death {
  readonly container: string;
  readonly exitCode: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface Event {
  readonly timeNano: number;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** What has been seen so far of the stops of a stack's containers, oldest first. */
export type Deaths = () => readonly Death[];

/**
 * Listens to a stack's containers from here to the end of the test file. Asking the engine later
 * would miss most: it keeps only the last few hundred events of everybody.
 */
export function watchDeaths(stack: string): Deaths {
  const seen: Death[] = [];
  const filters = ["--filter", `label=sav3.stack=${stack}`, "--filter", "event=die"];
  const child = spawn("docker", ["events", ...filters, "--format", "{{json .}}"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const {
      timeNano,
      Actor: { Attributes },
    } = JSON.parse(line) as Event;
    seen.push({
      container: Attributes["name"] ?? "",
      exitCode: Number(Attributes["exitCode"]),
      at: timeNano / 1e6,
    });
  });
  after(() => {
    child.kill();
  });
  return () => seen;
}
