import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * Runs the docker command, which knows what the engine's API does not: sending a build context, and the
 * user's credentials for registries.
 *
 * @param tell Gets every line of output as it comes.
 * @returns The exit code and all lines.
 * @throws when the command cannot be started.
 */
export function docker(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  tell: (line: string) => void = () => undefined,
): Promise<{ code: number | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (line.trim() !== "") tell(line);
      });
    }
    child.on("error", (error) => {
      reject(new Error(`the docker command could not be started: ${error.message}`));
    });
    child.on("close", (code) => {
      resolve({ code, lines });
    });
  });
}
