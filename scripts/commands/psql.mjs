// `npm run psql -- [--node pg-1] ARGS`: psql inside a node's container, as the superuser over the local socket. No
// password and no published port is involved, so it also works where the superuser has no way in over the network.
import { takeOption } from "../lib/arguments.mjs";
import { command } from "../lib/command.mjs";
import { dockerEnvironment, nodeOf } from "../lib/nodes.mjs";
import { runInForeground } from "../lib/process.mjs";
import { selectStack } from "../lib/selection.mjs";

// The application's database unless the arguments name another; history on a tmpfs, since the root file system is
// read-only and the home folder is the data volume.
const script = `. /etc/sav3/cluster.sh && PGDATABASE="$DATABASE" PSQL_HISTORY=/tmp/.psql_history exec psql "$@"`;

await command((args) => {
  // `-s` is psql's own.
  const { value: named, rest: others } = takeOption(args, ["--stack"]);
  const { stack } = selectStack(named === undefined ? [] : ["--stack", named]);
  const { value: node = "pg-0", rest } = takeOption(others, ["--node"]);
  const { container } = nodeOf(stack, node);
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ["--tty"] : [];
  const options = ["--interactive", ...terminal, "--env", "LANG=C.UTF-8", "--env", "TERM"];
  return runInForeground(
    "docker",
    ["exec", ...options, container, "bash", "-c", script, "psql", ...rest],
    { env: dockerEnvironment(stack) },
  );
});
