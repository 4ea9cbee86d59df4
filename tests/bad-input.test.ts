import assert from "node:assert/strict";
import { createServer } from "node:net";
import { afterEach, test } from "node:test";
import { belongings, docker } from "./lib/docker";
import { testStack, type Config } from "./lib/stack";

const stack = testStack();

afterEach(async () => {
  assert.deepEqual(await belongings(stack.name), { containers: [], volumes: [], networks: [] });
});

/** Runs `up` with these settings; it must fail quickly with one error that holds every text. */
async function refused(config: Config, ...texts: (string | RegExp)[]): Promise<void> {
  const { text, seconds } = await stack.failingUp({ config, preview: true });
  for (const expected of texts) {
    const found = typeof expected === "string" ? text.includes(expected) : expected.test(text);
    assert.ok(found, `${String(expected)} is missing in:\n${text}`);
  }
  const errors = text.split("\n").filter((line) => /^\s*error:/.test(line));
  assert.ok(errors.length <= 1, `one error only:\n${text}`);
  assert.doesNotMatch(text, /\+ \d+ created/);
  assert.ok(seconds < 60, `${seconds} s`);
}

const good: Config = {
  replicas: 1,
  primaryPort: 0,
  replicaPort: 0,
  postgresVersion: "17",
  parameters: {},
};

test("many faults at once are all named in one error", async () => {
  await refused(
    {
      replicas: 9,
      primaryPort: 70000,
      replicaPort: -5,
      postgresVersion: "9.6",
      bindAddress: "everywhere",
      database: "no good name!",
      parameters: { port: 1, hba_file: "/x", "not a name": "1", work_mem: "a\nb" },
      healthTimeoutSeconds: 0,
      surprise: 1,
    },
    ...["replicas", "primaryPort", "replicaPort", "postgresVersion", "bindAddress", "database"],
    ...["parameters", "hba_file", "not a name", "healthTimeoutSeconds", "surprise"],
  );
  await stack.unset("surprise", "bindAddress", "database", "healthTimeoutSeconds");
});

for (const replicas of ["-1", "1.5", "two"]) {
  test(`replicas: ${replicas}`, async () => {
    await refused({ ...good, replicas }, "replicas", replicas);
  });
}

test("equal ports are refused, also when they only meet in the range of replicas", async () => {
  await refused({ ...good, replicas: 3, primaryPort: 15433, replicaPort: 15432 }, "15433", "Port");
});

test("an unknown key inside an object is refused", async () => {
  await refused({ ...good, resources: { memory: "1g", disks: 3 } }, "resources", "disks");
  await stack.unset("resources");
});

test("a port that another program has is refused by name", async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    other.once("error", reject).listen(0, "127.0.0.1", () => {
      const address = other.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else resolve(address.port);
    });
  });
  try {
    await refused({ ...good, primaryPort: port }, "primaryPort", String(port));
  } finally {
    other.close();
  }
});

test("a port that a container of somebody else publishes is refused, the container named", async () => {
  const name = `${stack.prefix}-other`;
  // Only the publishing counts: what runs in it need not listen.
  const args = ["--rm", "--detach", "--name", name, "--publish", "127.0.0.1:0:5432"];
  await docker("run", ...args, "--entrypoint", "sleep", "debian:trixie-slim", "600");
  try {
    const port = (await docker("port", name, "5432")).split(":").at(-1) ?? "";
    await refused({ ...good, primaryPort: Number(port) }, "primaryPort", port, `container ${name}`);
  } finally {
    await docker("rm", "--force", name);
  }
});

test("an engine that does not answer is named", async () => {
  const dockerHost = "unix:///nonexistent/docker.sock";
  await refused({ ...good, dockerHost }, dockerHost);
});

test("a stack name that Docker cannot use is refused", async () => {
  const name = `Test.${stack.name}`;
  const up = await stack.commandAs(name, "up", ["--yes"]);
  assert.notEqual(up.code, 0, up.text);
  assert.ok(up.text.includes(name), up.text);
  assert.match(up.text, /lower case/);
  assert.deepEqual(await belongings(name), { containers: [], volumes: [], networks: [] });
});
