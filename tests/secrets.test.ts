import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, test } from "node:test";
import { createAuthority } from "../components/tls/x509";
import { run, type Finished } from "./lib/command";
import { query } from "./lib/database";
import { docker, superuserSql } from "./lib/docker";
import { checkout, testStack } from "./lib/stack";
import { secrets } from "./tls/secrets";

const stack = testStack({ config: { replicas: 1 } });

/** Texts that must be found nowhere: each secret as it is, and as other places may carry it. */
const canaries: string[] = [];
/** Everything that any command printed. */
const printed: string[] = [];
/** What was seen in the containers while passwords were exchanged. */
let processes = "";

function canary(name: string): string {
  const text = `canary${name}${randomBytes(12).toString("hex")}`;
  canaries.push(text, Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -1));
  return text;
}

function keep(finished: Finished): Finished {
  printed.push(finished.text);
  return finished;
}

/** Sets a secret through standard input: the test must not put it on a command line itself. */
async function setSecret(key: string, value: string): Promise<void> {
  const path = ["--secret", "--path", `sav3-postgres:${key}`];
  keep(await stack.pulumi(["config", "set", ...path], { input: value }));
}

async function setPasswords(): Promise<void> {
  for (const key of ["postgresPassword", "replicationPassword", "appPassword"]) {
    await setSecret(`credentials.${key}`, canary(key));
  }
}

/** Command lines and environments of every process in a container, again and again until told to stop. */
async function watch(container: string, until: { over: boolean }): Promise<void> {
  const look =
    'for n in $(seq 200); do cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; done | tr "\\0" "\\n" | sort -u';
  while (!until.over) {
    processes += (await run("docker", ["exec", container, "sh", "-c", look])).stdout;
  }
}

before(async () => {
  // The first command makes the stack; there must be one before secrets can be set.
  await stack.preview();
  await setPasswords();
  const authority = await createAuthority("canary", 24, new Date());
  canaries.push(keyLine(authority.privateKey));
  await setSecret("tls.ca.privateKey", authority.privateKey);
  await stack.pulumi(
    ["config", "set", "--plaintext", "--path", "sav3-postgres:tls.ca.certificate"],
    { input: authority.certificate },
  );
  keep(await stack.preview({}, ["--diff"]));
  keep(await stack.up({ preview: true }));

  await setPasswords();
  keep(await stack.preview({}, ["--diff"]));
  const until = { over: false };
  const watching = [0, 1].map(async (node) => watch(stack.container(node), until));
  keep(await stack.up({ args: ["--diff"] }));
  until.over = true;
  await Promise.all(watching);
  for (const command of ["status", "logs"]) keep(await stack.command(command));
  keep(await stack.command("rotate", ["certificates"]));
  keep(await stack.command("rotate", ["app-password"]));
  keep(await stack.failingUp({ config: { replicas: 99 } }));
  await stack.unset("replicas");
});

/** No secret is in the text; `known` is, so that it is known to be the right text. */
function clean(what: string, text: string, known: string, all: readonly string[] = canaries): void {
  assert.ok(text.includes(known), `${what} does not show ${known}`);
  for (const secret of all) {
    const at = text.indexOf(secret);
    assert.equal(at, -1, `${what} shows a secret: ${text.slice(Math.max(0, at - 200), at)}…`);
  }
}

/** Runs grep for the secrets, given on standard input; it must find nothing. */
async function grepClean(
  what: string,
  file: string,
  args: readonly string[],
  all: readonly string[],
): Promise<void> {
  const found = await run(file, args, { input: `${all.join("\n")}\n` });
  assert.equal(found.stdout.trim(), "", `${what} holds a secret`);
  assert.equal(found.code, 1, `${what}: ${found.text}`);
}

/** No secret is in the state, neither as exported nor as it lies in the backend. */
async function stateClean(all: readonly string[]): Promise<void> {
  const exported = await stack.pulumi(["stack", "export"]);
  clean("the exported state", exported.stdout, "ciphertext", all);
  await grepClean("the state folder", "grep", ["-raslF", "-f", "-", stack.stateFolder], all);
}

/** A line of a PEM key that no other key has. */
function keyLine(pem: string): string {
  return pem.split("\n")[2] ?? "";
}

test("the secrets are in use", async () => {
  assert.deepEqual(await query(await stack.primary(), "select 1 as one"), [{ one: 1 }]);
  const { primaryUri } = await stack.outputs();
  assert.ok(canaries.some((secret) => primaryUri.includes(secret)));
});

test("no command prints a secret: up, preview --diff, status, logs, rotate, errors", () => {
  clean("the commands' output", printed.join("\n"), "pg-0");
});

test("docker inspect, the image's history and its layers show none", async () => {
  const { image } = await stack.facts(0);
  for (const node of [0, 1]) {
    const container = stack.container(node);
    clean("docker inspect", await docker("inspect", container), container);
    clean("a volume", await docker("volume", "inspect", `${container}-config`), container);
  }
  clean("the network", await docker("network", "inspect", stack.prefix), stack.prefix);
  clean("the image", await docker("image", "inspect", image), image);
  clean("the history", await docker("history", "--no-trunc", image), "ENTRYPOINT");
  const layers = `f=$(mktemp); cat > "$f"; docker save "$1" | grep -acF -f "$f" >&2; rm "$f"`;
  const saved = await run("sh", ["-c", layers, "sh", image], {
    input: `${canaries.join("\n")}\n`,
  });
  assert.equal(saved.text.trim(), "0", "a layer of the image holds a secret");
});

test("no process in a container ever had one in its environment or command line", () => {
  clean("a process", processes, "postgres");
  clean("a process", processes, "sav3-apply");
});

test("no log of a container shows one, nor do the statistics of statements", async () => {
  for (const node of [0, 1]) {
    const { text } = await run("docker", ["logs", stack.container(node)]);
    clean("a log", text, "database system is ready");
  }
  const statements = await superuserSql(
    stack.container(0),
    "create extension pg_stat_statements; select query from pg_stat_statements",
  );
  clean("pg_stat_statements", statements, "select");
});

test("the primary keeps verifiers only, a replica the one password that it needs", async () => {
  const places = ["/etc/sav3", "/var/lib/postgresql", "/tmp"];
  const grep = ["grep", "-raslF", "-f", "-", ...places];
  const inside = ["exec", "-i", stack.container(0), ...grep];
  await grepClean("the primary", "docker", inside, canaries);
  const found = await run("docker", ["exec", "-i", stack.container(1), ...grep], {
    input: `${canaries.join("\n")}\n`,
  });
  assert.equal(found.stdout.trim(), "/etc/sav3/REPLICATION_PASSWORD");
});

test("the state holds ciphertext only, and nothing is left in the checkout", async () => {
  await stateClean(canaries);
  const skip = ["--exclude-dir=node_modules", "--exclude-dir=.git", "--exclude-dir=.sav3"];
  await grepClean("the checkout", "grep", ["-raslF", ...skip, "-f", "-", checkout], canaries);
});

test("nor does an up that the gate refused leave one in the state or in its message", async () => {
  const { passwords, certificates, authority } = await secrets(stack);
  const keys = [authority, ...Object.values(certificates)].map(({ privateKey }) => privateKey);
  const all = [...canaries, ...Object.values(passwords), ...keys.map(keyLine)];
  await superuserSql(stack.container(1), "select pg_wal_replay_pause()");
  const { text } = await stack.failingUp({ config: { healthTimeoutSeconds: 15 } });
  clean("the gate's message", text, "pg-1", all);
  await stateClean(all);
});
