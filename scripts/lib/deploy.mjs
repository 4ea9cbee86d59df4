// What `up` and `preview` share.
import { takeFlag, takeStructuredConfig } from "./arguments.mjs";
import { ensureStack, pulumi } from "./pulumi.mjs";
import { selectStack } from "./selection.mjs";
import { changeSetting, refreshSettings } from "./stack-settings.mjs";

/**
 * Runs `pulumi up` or `pulumi preview` for the stack named in the arguments, which is created when it
 * does not exist.
 * @param {"up" | "preview"} action
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number, stack: string, json: boolean }>}
 */
export async function deploy(action, args) {
  const { stack, rest } = selectStack(args);
  const json = takeFlag(rest, "--json").given || takeFlag(rest, "-j").given;
  if (rest.includes("--help") || rest.includes("-h")) {
    return { code: await pulumi(stack, [action, ...rest]), stack, json: true };
  }
  const { settings, rest: options } = takeStructuredConfig(rest);
  refreshSettings(stack);
  for (const [key, value] of settings) changeSetting(stack, key, value);
  ensureStack(stack);
  // Without a terminal nobody can be asked.
  const asks = process.stdin.isTTY && process.stdout.isTTY;
  const agreed = options.some((option) => /^(--yes|-y|--skip-preview|-f)(=true)?$/.test(option));
  const yes = action === "up" && !asks && !agreed ? ["--yes"] : [];
  return { code: await pulumi(stack, [action, ...yes, ...options]), stack, json };
}
