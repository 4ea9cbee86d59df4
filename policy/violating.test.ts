import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { test } from "node:test";
import { standardArgs } from "../components/lib/container-options";
import { record, violations, type PolicyResource } from "./resource";
import { rules } from "./rules";

// Programs with real resources: what the rules see is what a program registers, by the provider's own names.

const hardened: docker.ContainerArgs = {
  ...standardArgs({ memoryBytes: 512 * 1024 * 1024, cpus: undefined, shmBytes: 64 * 1024 * 1024 }),
  image: "sav3-postgres/node:0123456789abcdef",
  user: "999:999",
};

/** Runs a small program; answers with the broken rules. */
async function brokenBy(program: () => void): Promise<string[]> {
  const registered: PolicyResource[] = [];
  await pulumi.runtime.setMocks({
    newResource(args) {
      registered.push({ type: args.type, name: args.name, props: record(args.inputs) });
      return { id: args.name, state: record(args.inputs) };
    },
    call: () => ({}),
  });
  program();
  await pulumi.runtime.disconnect();
  assert.equal(registered.length, 1);
  return [...new Set(violations(registered, rules).map(({ rule }) => rule))];
}

function container(changes: Partial<docker.ContainerArgs>): () => void {
  return () => {
    new docker.Container("made-by-a-program", { ...hardened, ...changes });
  };
}

test("the program's own kinds pass", async () => {
  const own: readonly (() => void)[] = [
    container({}),
    () => new docker.Provider("engine", { host: "unix:///var/run/docker.sock" }),
    () => new docker.Network("network"),
    () => new docker.Volume("data"),
    () => new docker.RemoteImage("base", { name: "debian:trixie-slim", keepLocally: true }),
  ];
  for (const program of own) assert.deepEqual(await brokenBy(program), []);
});

const violating: readonly (readonly [rule: string, program: () => void])[] = [
  ["ports-need-an-address", container({ ports: [{ internal: 5432, external: 5432 }] })],
  ["no-secrets-in-containers", container({ envs: ["POSTGRES_PASSWORD=geheim"] })],
  ["images-are-pinned", container({ image: "postgres:17" })],
  [
    "images-are-pinned",
    () => new docker.Image("built", { imageName: "node:latest", skipPush: true }),
  ],
  ["pulled-images-stay", () => new docker.RemoteImage("base", { name: "debian:trixie-slim" })],
  ["containers-stop-cleanly", container({ destroyGraceSeconds: 0 })],
  ["containers-have-limits", container({ memory: 0 })],
  ["containers-have-no-rights", container({ capabilities: { drops: ["ALL"], adds: ["ALL"] } })],
  ["containers-have-no-rights", container({ devices: [{ hostPath: "/dev/kvm" }] })],
  [
    "containers-have-no-rights",
    container({ mounts: [{ type: "bind", source: "/etc", target: "/host" }] }),
  ],
  ["no-weak-authentication", () => new HbaFile("hba", "host all all all trust")],
];

/** Any resource that carries a pg_hba.conf. */
class HbaFile extends pulumi.CustomResource {
  constructor(name: string, content: string) {
    super("test:index:HbaFile", name, { files: { "pg_hba.conf": content } });
  }
}

for (const [index, [rule, program]] of violating.entries()) {
  test(`a program is refused by ${rule} (${index})`, async () => {
    assert.deepEqual(await brokenBy(program), [rule]);
  });
}

test("every rule is broken by one of these programs", () => {
  assert.deepEqual(
    [...new Set(violating.map(([rule]) => rule))].sort(),
    rules.map(({ name }) => name).sort(),
  );
});
