import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import Docker from "dockerode";
import { type Properties, type Value, asText, isProperties } from "../plugins/lib/values";
import { type Call, type Plugins, connect, isCall } from "./contract/client";
import { contractFolder, enterWorkplace } from "./contract/workplace";

const unique = `contract-${randomBytes(4).toString("hex")}`;
const docker = new Docker();

/** Values that depend on the moment or the machine, by name; the rest must be equal. */
const MOMENTARY = new Set([
  "bcryptHash",
  "contextDigest",
  "gateway",
  "id",
  "imageId",
  "ipAddress",
  "ipPrefixLength",
  "macAddress",
  "repoDigest",
  "result",
  "runtime",
  "subnet",
]);

interface Made {
  readonly recorded: Call;
  readonly urn: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly state: Properties;
}

/** The recorded first `up` and `refresh`, done again with other names on the engine of this machine. */
describe("on an engine the plugins do what the released ones did", () => {
  const made = new Map<string, Made>();
  /** Recorded ids and their counterparts here. */
  const ids = new Map<string, string>();
  let plugins: Plugins;
  let port: number;
  let platform: string;
  let leave: () => void;

  /** Recorded values with the names, the port and the ids of this run. */
  function here(value: Value): Value {
    if (value === 25432) return port;
    if (value === "linux/amd64") return platform;
    if (Array.isArray(value)) return value.map(here);
    if (isProperties(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, here(item)]));
    }
    if (typeof value !== "string") return value;
    const known = ids.get(value);
    if (known !== undefined) return known;
    if (value === "/srv/contract/ctx") return path.join(process.cwd(), "ctx");
    return value
      .replace(/\bcontract\b/g, unique)
      .replace(/\b(autovol|autonet|minimal)-[0-9a-f]{7}\b/g, (name) => `${unique}-${name}`);
  }

  function recorded(file: string, method: Call["method"]): Call[] {
    return readFileSync(path.join(contractFolder, file), "utf8")
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line))
      .filter((call) => isCall(call))
      .filter((call) => call.method === method && call.request.preview !== true);
  }

  async function remove(resource: Made): Promise<void> {
    const { urn, id, state, recorded: call } = resource;
    await plugins.ask({
      method: "Delete",
      request: { urn, name: call.request.name, id, properties: state },
    });
  }

  before(async () => {
    leave = enterWorkplace();
    port = await freePort();
    platform = `linux/${(await docker.version()).Arch}`;
    plugins = await connect();
    await plugins.configure();
  });
  after(async () => {
    for (const resource of [...made.values()].reverse())
      await remove(resource).catch(() => undefined);
    await docker
      .getImage(`${unique}/built:1`)
      .remove()
      .catch(() => undefined);
    plugins.close();
    leave();
  });

  for (const call of recorded("step0.jsonl", "Create")) {
    test(`create ${call.request.name}`, async () => {
      const inputs = properties(here(call.request.properties ?? {}));
      const { urn, name } = call.request;
      const answer = await plugins.ask({
        method: "Create",
        request: { urn, name, properties: inputs },
      });
      const [state, expected] = [
        properties(answer["properties"]),
        properties(call.response?.["properties"]),
      ];
      made.set(name, { recorded: call, urn, id: asText(answer["id"]), inputs, state });
      note(ids, call.response?.["id"], answer["id"]);
      note(ids, expected["imageId"], state["imageId"]);
      note(ids, expected["repoDigest"], state["repoDigest"]);
      assert.deepEqual(timeless(state), timeless(here(expected)));
    });
  }

  // The others had been changed between the two recordings.
  for (const name of ["special", "vol", "autovol", "base", "net", "autonet", "minimal"]) {
    const call = recorded("refresh-clean.jsonl", "Read").find(
      ({ request }) => request.name === name,
    );
    assert.ok(call);
    test(`read ${name}`, async () => {
      const resource = made.get(name);
      assert.ok(resource);
      const { urn, id, inputs, state } = resource;
      const answer = await plugins.ask({
        method: "Read",
        request: { urn, name, id, inputs, properties: state },
      });
      assert.deepEqual(answer["inputs"], inputs);
      assert.deepEqual(
        timeless(properties(answer["properties"])),
        timeless(here(properties(call.response?.["properties"]))),
      );
    });
  }

  test("what was created shows no difference when it is read again", async () => {
    for (const { urn, id, inputs, state, recorded: call } of made.values()) {
      const { name } = call.request;
      const found = await plugins.ask({
        method: "Read",
        request: { urn, name, id, inputs, properties: state },
      });
      const difference = await plugins.ask({
        method: "Diff",
        request: { urn, name, id, olds: properties(found["properties"]), news: inputs },
      });
      // The trap of @pulumi/docker: memory without memorySwap never settles.
      const expected = name === "full" ? ["memorySwap"] : undefined;
      assert.deepEqual(difference["diffs"], expected, name);
    }
  });

  test("memory and CPU shares change in the running container", async () => {
    const resource = made.get("full");
    assert.ok(resource);
    const { urn, id, inputs, state } = resource;
    const news = { ...inputs, memory: 256, memorySwap: 256, cpuShares: 512 };
    const answer = await plugins.ask({
      method: "Update",
      request: { urn, name: "full", id, olds: state, news },
    });
    const { HostConfig: host } = await docker.getContainer(id).inspect();
    assert.deepEqual([host.Memory, host.MemorySwap, host.CpuShares], [256 << 20, 256 << 20, 512]);
    assert.equal(properties(answer["properties"])["memory"], 256);
  });

  test("a stopped container that must run is replaced for its ports, or started", async () => {
    const look = async (name: string): Promise<Properties> => {
      const resource = made.get(name);
      assert.ok(resource);
      const { urn, id, inputs, state } = resource;
      await docker.getContainer(id).stop({ t: 0 });
      const found = await plugins.ask({
        method: "Read",
        request: { urn, name, id, inputs, properties: state },
      });
      const olds = properties(found["properties"]);
      assert.equal(olds["mustRun"], false);
      const difference = await plugins.ask({
        method: "Diff",
        request: { urn, name, id, olds, news: inputs },
      });
      if (difference["replaces"] === undefined) {
        await plugins.ask({ method: "Update", request: { urn, name, id, olds, news: inputs } });
      }
      return difference;
    };
    assert.deepEqual((await look("full"))["replaces"], ["ports"]);
    assert.deepEqual((await look("minimal"))["diffs"], ["mustRun"]);
    const started = await docker.getContainer(made.get("minimal")?.id ?? "").inspect();
    assert.equal(started.State.Running, true);
  });

  test("a creation that fails leaves no container behind", async () => {
    const resource = made.get("full");
    assert.ok(resource);
    const name = `${unique}-failed`;
    const inputs = { ...resource.inputs, name, readOnly: true, ports: [] };
    await assert.rejects(
      plugins.ask({ method: "Create", request: { urn: resource.urn, name, properties: inputs } }),
      /Unable to upload volume content: .*container rootfs is marked read-only/,
    );
    await assert.rejects(docker.getContainer(name).inspect(), { statusCode: 404 });
  });

  test("a volume of the same name is taken over", async () => {
    const resource = made.get("vol");
    assert.ok(resource);
    const { urn, inputs } = resource;
    const again = await plugins.ask({
      method: "Create",
      request: { urn, name: "vol", properties: inputs },
    });
    assert.equal(again["id"], resource.id);
  });

  test("all is gone after the deletions, and reads as gone", async () => {
    for (const resource of [...made.values()].reverse()) {
      const { urn, id, inputs, state, recorded: call } = resource;
      const { name } = call.request;
      const started = Date.now();
      await remove(resource);
      // A stopped container does not wait for its grace period, and nothing sleeps.
      assert.ok(Date.now() - started < 8000, `${name} took ${String(Date.now() - started)} ms`);
      if (!/Container|Network|Volume/.test(urn)) continue;
      const found = await plugins.ask({
        method: "Read",
        request: { urn, name, id, inputs, properties: state },
      });
      assert.deepEqual(found, {}, name);
    }
    made.clear();
  });
});

/** The value without what depends on the moment; a host name that is a container's id is one such thing. */
function timeless(value: Value): Value {
  if (Array.isArray(value)) return value.map(timeless);
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !MOMENTARY.has(name))
      .map(([name, item]) => [
        name,
        name === "hostname" && /^[0-9a-f]{12}$/.test(asText(item)) ? "<id>" : timeless(item),
      ]),
  );
}

function note(ids: Map<string, string>, from: Value | undefined, to: Value | undefined): void {
  if (typeof from === "string" && typeof to === "string" && from.length > 20) ids.set(from, to);
}

function properties(value: Value | undefined): Properties {
  assert.ok(isProperties(value));
  return value;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
      });
    });
  });
}
