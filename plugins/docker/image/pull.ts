import type { Log } from "../../lib/resource";
import { docker } from "../cli";
import { type Engine, unlessGone } from "../engine";

/**
 * Pulls the image unless the engine has it. The docker command does it, so that the user's credentials
 * for registries count.
 */
export async function ensureImage(
  engine: Engine,
  name: string,
  platform: string | undefined,
  log: Log,
): Promise<void> {
  if ((await unlessGone(engine.client.getImage(name).inspect())) !== undefined) return;
  const option = platform === undefined ? [] : ["--platform", platform];
  const { code, lines } = await docker(["pull", ...option, name], engine.environment, log.status);
  if (code !== 0) throw new Error(`error pulling image ${name}: ${lines.at(-1) ?? ""}`);
}
