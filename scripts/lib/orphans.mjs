// What a killed update leaves running. Plugins have process groups of their own: they outlive their CLI for a while
// and go on with what it asked of them last.
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { settingsFile } from "./stack-settings.mjs";

/** How long ended processes may take to be gone. */
const goneSeconds = 10;

/** @typedef {{ pid: number, parent: number, name: string }} Process */

/**
 * Processes that work for no CLI any more: those of a stack's updates whose highest ancestor among them is not a CLI.
 * @param {readonly Process[]} processes everything that was started for the stack
 * @returns {Process[]}
 */
export function orphansAmong(processes) {
  const byId = new Map(processes.map((each) => [each.pid, each]));
  /** @param {Process} each @returns {boolean} */
  const served = (each) => {
    if (each.name === "pulumi") return true;
    const parent = byId.get(each.parent);
    return parent !== undefined && served(parent);
  };
  return processes.filter((each) => !served(each));
}

/**
 * Ends what killed updates of a stack left running and waits until it is gone. Their results reach nobody, and what
 * they still do would meet the next update. Only Linux tells what processes were started for; elsewhere they end by
 * themselves, as they always do sooner or later.
 * @param {string} stack
 * @returns {Promise<number>} how many there were
 */
export async function endOrphans(stack) {
  const found = orphansAmong(startedFor(stack));
  for (const { pid } of found) end(pid);
  const until = Date.now() + goneSeconds * 1000;
  while (orphansAmong(startedFor(stack)).length > 0 && Date.now() < until) await sleep(50);
  return found.length;
}

/** @param {number} pid */
function end(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself.
  }
}

/** Processes of this machine whose environment names the stack's settings. @param {string} stack @returns {Process[]} */
function startedFor(stack) {
  if (process.platform !== "linux") return [];
  const mark = `PULUMI_OPTION_CONFIG_FILE=${settingsFile(stack)}`;
  const ids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return ids.flatMap((id) => {
    try {
      // Of others' processes and of dead ones that nobody waited for, the kernel shows no environment.
      if (!readFileSync(`/proc/${id}/environ`, "utf8").split("\0").includes(mark)) return [];
      // "PID (NAME) STATE PARENT ...": a name may hold blanks and brackets.
      const stat = readFileSync(`/proc/${id}/stat`, "utf8");
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return [{ pid: Number(id), parent, name }];
    } catch {
      return [];
    }
  });
}
