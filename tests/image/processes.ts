import { spawn } from "node:child_process";

/** What was seen in the command lines and environments of a container's processes. */
export interface Seen {
  /** How often all processes were looked at. */
  readonly looks: number;
  /** Files below /proc that held one of the words. */
  readonly found: readonly string[];
}

/** Bash's own means only, and the words by standard input: no process of the watch may carry what it looks for. */
const WATCH = `
read -r -a words
looks=0
until read -rt 0.02; do
  for file in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
    mapfile -d '' -t parts 2>/dev/null <"$file" || continue
    for word in "\${words[@]}"; do
      [[ "\${parts[*]}" != *"$word"* ]] || echo "$file: \${parts[*]}"
    done
  done 2>/dev/null
  looks=$((looks + 1))
done
echo "$looks"
`;

/** Looks for words at every process of a running container, again and again, until told to stop. */
export function watchProcesses(
  container: string,
  words: readonly string[],
): { stop(): Promise<Seen> } {
  const child = spawn("docker", ["exec", "-i", container, "bash", "-c", WATCH]);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  child.stdin.write(`${words.join(" ")}\n`);
  const ended = new Promise((resolve) => child.once("close", resolve));
  return {
    stop: async () => {
      child.stdin.end("\n");
      await ended;
      const lines = text.trim().split("\n");
      return { looks: Number(lines.pop()), found: lines };
    },
  };
}
