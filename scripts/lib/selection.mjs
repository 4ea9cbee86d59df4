// Which stack a command is about.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeOption } from "./arguments.mjs";
import { settingsDirectory } from "./stack-settings.mjs";

/**
 * `--stack NAME`, else what run.mjs read from it (SAV3_STACK), else PULUMI_STACK, else the one last selected with `npm run pulumi -- stack select`,
 * else `dev`.
 * @param {readonly string[]} args
 * @returns {{ stack: string, rest: string[] }} the arguments without the option
 */
export function selectStack(args) {
  const { value, rest } = takeOption(args, ["--stack", "-s"]);
  const named = value || process.env["SAV3_STACK"] || process.env["PULUMI_STACK"];
  return { stack: named || selected() || "dev", rest };
}

/** @param {string | undefined} stack */
export function rememberSelection(stack) {
  if (stack) writeFileSync(selectionFile(), `${stack}\n`);
  else rmSync(selectionFile(), { force: true });
}

/** When the stack is gone. @param {string} stack */
export function forgetSelection(stack) {
  if (selected() === stack) rememberSelection(undefined);
}

function selected() {
  return existsSync(selectionFile()) ? readFileSync(selectionFile(), "utf8").trim() : "";
}

function selectionFile() {
  return join(settingsDirectory(), "selected");
}
