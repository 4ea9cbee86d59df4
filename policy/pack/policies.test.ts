import type { ResourceValidationArgs } from "@pulumi/policy";
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTAINER } from "../resource";
import { rules } from "../rules";
import { policies } from "./policies";

/** What the engine tells a pack about a resource. */
function told(type: string, props: Record<string, unknown>): ResourceValidationArgs {
  return {
    type,
    name: "made-by-a-program",
    urn: `urn:pulumi:test::test::${type}::made-by-a-program`,
    props,
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      additionalSecretOutputs: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      deleteBeforeReplace: false,
    },
    stackTags: new Map(),
    notApplicable: () => assert.fail(),
    isType: () => false,
    asType: () => undefined,
    getConfig: () => assert.fail(),
  };
}

function reportsOf(args: ResourceValidationArgs): string[] {
  return policies.flatMap(({ name, validateResource }) => {
    const reports: string[] = [];
    for (const validate of [validateResource ?? []].flat()) {
      void validate(args, (message) => reports.push(`${name}: ${message}`));
    }
    return reports;
  });
}

test("the pack has every rule, each refuses", () => {
  assert.deepEqual(
    policies.map(({ name, enforcementLevel }) => [name, enforcementLevel]),
    rules.map(({ name }) => [name, "mandatory"]),
  );
});

test("a pack's policy reports what its rule finds", () => {
  assert.deepEqual(reportsOf(told("docker:index/network:Network", {})), []);
  assert.ok(
    reportsOf(told(CONTAINER, { privileged: true })).includes(
      "containers-have-no-rights: it is privileged",
    ),
  );
});
