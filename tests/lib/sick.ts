import { docker, exec, superuserSql } from "./docker";
import type { TestStack } from "./stack";
import { must } from "./command";
import { eventually } from "./wait";

const data = "/var/lib/postgresql/data";

/** Runs a shell line as the server's user in a node's container, which must run. */
export async function shell(container: string, line: string): Promise<string> {
  const finished = await exec(container, ["sh", "-ec", line]);
  if (finished.code !== 0) throw new Error(`${container}: ${line}\n${finished.text}`);
  return finished.stdout.trim();
}

/** Runs a shell line on a stopped node's volumes, in the node's image and as its user. */
export async function offline(container: string, line: string): Promise<string> {
  const image = await docker("container", "inspect", "--format", "{{.Image}}", container);
  const args = ["run", "--rm", "--network", "none", "--volumes-from", container];
  const bin = "PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)";
  const finished = await must(
    "docker",
    [
      ...args,
      "--tmpfs",
      "/run/postgresql:uid=999,gid=999,mode=0755",
      "--entrypoint",
      "sh",
      image,
      "-ec",
    ].concat(`${bin}; cd ${data}/..; ${line}`),
  );
  return finished.stdout.trim();
}

/**
 * A setting on one node that the program knows nothing of. ALTER SYSTEM is off in this cluster, as
 * it should be, so the line goes straight to the file that it would write.
 */
export async function setAside(container: string, name: string, value: string): Promise<void> {
  await shell(container, `echo "${name} = '${value}'" >> ${data}/postgresql.auto.conf`);
  await superuserSql(container, "select pg_reload_conf()");
}

/** Takes such a setting back. */
export async function takeBack(container: string, name: string): Promise<void> {
  await shell(container, `sed -i '/^${name} /d' ${data}/postgresql.auto.conf`);
  await superuserSql(container, "select pg_reload_conf()");
}

/** Removes a stopped replica's data, so that its next start seeds it again. */
export async function emptyData(container: string): Promise<void> {
  await offline(container, "rm -rf data");
}

/** Waits until `npm run status` says that all is well again. */
export async function healthyAgain(stack: TestStack, seconds = 60): Promise<void> {
  await eventually(
    "status is healthy",
    async () => {
      const status = await stack.command("status");
      if (status.code !== 0) throw new Error(status.text);
      return true;
    },
    { seconds, everyMs: 500 },
  );
}
