import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { canBind } from "./lib/free-port";
import { portHolder, type Publishing } from "./preflight";

const id = { project: "sav3-postgres", stack: "test" };
const wanted = { id, owner: "pg-0", address: "127.0.0.1", port: 5432 };
const ours = { "sav3.project": "sav3-postgres", "sav3.stack": "test" };

/** Runs with a port of this machine that a program listens on. */
async function withBusyPort(use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  try {
    await use(address.port);
  } finally {
    server.close();
  }
}

/** A container that publishes port 5432. */
function container(name: string, labels: Record<string, string>, ip = "127.0.0.1"): Publishing {
  return { Names: [`/${name}`], Labels: labels, Ports: [{ IP: ip, PublicPort: 5432 }] };
}

test("a port that another program listens on is taken, when the engine is on this machine", async () => {
  await withBusyPort(async (port) => {
    assert.equal(await portHolder({ ...wanted, port }, [], true), "another program");
    assert.equal(await portHolder({ ...wanted, port }, [], false), undefined);
    assert.equal(await canBind("127.0.0.1", port), false);
  });
});

test("a container that publishes the port: the node itself is no fault, all others are named", async () => {
  const table: readonly (readonly [Publishing, string | undefined])[] = [
    [container("sav3-postgres-test-pg-0", ours), undefined],
    [container("theirs", { ...ours, "sav3.stack": "other" }), "container theirs"],
    [container("foreign", {}, "0.0.0.0"), "container foreign"],
    [container("elsewhere", {}, "127.0.0.9"), undefined],
    [container("sibling", ours), "sibling of this stack as it is now"],
  ];
  for (const [holder, expected] of table) {
    assert.equal(await portHolder(wanted, [holder], false), expected);
  }
});

test("an address that is not this machine's says nothing about a port", async () => {
  assert.equal(await canBind("192.0.2.1", 5432), true);
});
