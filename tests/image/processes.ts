import { run } from "../lib/command";
import { exec } from "../lib/docker";

/** What was seen in the command lines and environments of a container's processes. */
export interface Seen {
  /** How often all processes were looked at. */
  readonly looks: number;
  /** Files below /proc that held one of the words, with what they held. */
  readonly found: readonly string[];
}

const STOP = "/tmp/watch-stop";

/** The words come by standard input, and only Bash's own means use them: the watch must not carry them itself. */
const WATCH = `
read -r -a words
looks=0
until [[ -e ${STOP} ]]; do
  for file in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do
    { mapfile -d '' -t parts <"$file"; } 2>/dev/null || continue
    for word in "\${words[@]}"; do
      [[ "\${parts[*]}" != *"$word"* ]] || echo "$file: \${parts[*]}"
    done
  done
  looks=$((looks + 1))
  sleep 0.1
done
echo "$looks"
`;

/** Looks for words at every process of a running container, again and again, until told to stop. */
export function watchProcesses(
  container: string,
  words: readonly string[],
): { stop(): Promise<Seen> } {
  const watch = run("docker", ["exec", "-i", container, "bash", "-c", WATCH], {
    input: `${words.join(" ")}\n`,
    timeoutSeconds: 120,
  });
  return {
    stop: async () => {
      await exec(container, ["touch", STOP]);
      const lines = (await watch).stdout.trim().split("\n");
      return { looks: Number(lines.pop()), found: lines };
    },
  };
}
