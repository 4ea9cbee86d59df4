import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { labelMap, labels } from "./labels";
import { longestStackName, nodeNames, physicalPrefix, stackNameFault } from "./names";

const project = "sav3-postgres";
const stackName = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/);

test("all names of a node derive from project and stack", () => {
  assert.deepEqual(nodeNames({ project, stack: "dev" }, 0), {
    index: 0,
    node: "pg-0",
    alias: "pg-primary",
    container: "sav3-postgres-dev-pg-0",
    dataVolume: "sav3-postgres-dev-pg-0-data",
    configVolume: "sav3-postgres-dev-pg-0-config",
    slot: "pg_0",
  });
  assert.equal(nodeNames({ project, stack: "dev" }, 3).alias, "pg-replica-3");
  assert.equal(nodeNames({ project, stack: "dev" }, 3).slot, "pg_3");
});

test("two stacks share no name", () => {
  fc.assert(
    fc.property(stackName, stackName, fc.nat(8), fc.nat(8), (one, other, i, j) => {
      fc.pre(one !== other);
      const names = ({ container, dataVolume, configVolume }: ReturnType<typeof nodeNames>) =>
        new Set([container, dataVolume, configVolume]);
      const mine = names(nodeNames({ project, stack: one }, i));
      const theirs = names(nodeNames({ project, stack: other }, j));
      assert.ok([...mine].every((name) => !theirs.has(name)));
    }),
  );
});

test("a usable stack gives host names and names that Docker takes", () => {
  fc.assert(
    fc.property(stackName, fc.nat(8), (stack, index) => {
      fc.pre(stackNameFault({ project, stack }) === undefined);
      const { container, dataVolume } = nodeNames({ project, stack }, index);
      assert.match(container, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/);
      assert.match(dataVolume, /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
      assert.match(physicalPrefix({ project, stack }), /^[a-z0-9][a-z0-9_-]*$/);
    }),
  );
});

test("stack names that Docker or a host name cannot carry are refused", () => {
  const longest = longestStackName(project);
  for (const stack of [
    "Alice",
    "a.b",
    "a_b",
    "-a",
    "a-",
    "ä",
    "a b",
    "",
    "x".repeat(longest + 1),
  ]) {
    assert.match(stackNameFault({ project, stack }) ?? "", /stack name/, stack);
  }
  for (const stack of ["dev", "a", "7", "alice-2", "x".repeat(longest)]) {
    assert.equal(stackNameFault({ project, stack }), undefined, stack);
  }
});

test("labels name project, stack, service and node, sorted, and never a role", () => {
  const id = { project, stack: "dev" };
  assert.deepEqual(labelMap(id, { service: "postgres", node: 1 }), {
    "sav3.project": project,
    "sav3.stack": "dev",
    "sav3.service": "postgres",
    "sav3.node": "1",
    "com.docker.compose.project": "sav3-postgres-dev",
  });
  assert.deepEqual(
    labels(id, { service: "postgres" }).map(({ label }) => label),
    ["com.docker.compose.project", "sav3.project", "sav3.service", "sav3.stack"],
  );
});
