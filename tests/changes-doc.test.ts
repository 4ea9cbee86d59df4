import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { long } from "./lib/progress";
import { checkout, testStack } from "./lib/stack";

const stack = testStack({ config: { replicas: 1 } });

before(() => stack.up());

interface Row {
  readonly key: string;
  readonly example: string;
  readonly effect: string;
}

/** The rows of docs/changes.md that have an example. */
function rows(): Row[] {
  const text = readFileSync(join(checkout, "docs/changes.md"), "utf8");
  return [...text.matchAll(/^\| `(\w+)` +\| `([^`]+)` +\| (\w[\w ]*?) +\|/gm)].map(
    ([, key = "", example = "", effect = ""]) => ({ key, example, effect }),
  );
}

interface Step {
  readonly op: string;
  readonly urn: string;
}

function exampleValue(example: string): unknown {
  return /^[[{]/.test(example) ? JSON.parse(example) : example.replaceAll('"', "");
}

/** What a preview would do: operations by the last part of the resource's type. */
async function steps(key: string, example: string): Promise<Map<string, Set<string>>> {
  const value = exampleValue(example);
  const { code, stdout, text } = await stack.preview({ [key]: value }, ["--json"]);
  assert.equal(code, 0, text);
  const { steps: planned = [] } = JSON.parse(stdout.slice(stdout.indexOf("{\n"))) as {
    steps?: Step[];
  };
  const found = new Map<string, Set<string>>();
  for (const { op, urn } of planned) {
    if (op === "same" || op === "read") continue;
    const type = urn.split("::")[2]?.split(/[:/$]/).at(-1) ?? "";
    found.set(type, (found.get(type) ?? new Set()).add(op));
  }
  return found;
}

const all = rows();

test("every row of the page is read: all keys but dockerHost, some with two examples or more", () => {
  const keys = new Set(all.map(({ key }) => key)).size;
  assert.deepEqual({ rows: all.length, keys }, { rows: 30, keys: 22 }, JSON.stringify(all));
});

// One row for each effect, every row in the long run: a preview takes as long as a test of its own.
const shown = long
  ? all
  : all.filter(({ effect }, n) => all.findIndex((row) => row.effect === effect) === n);

for (const { key, example, effect } of shown) {
  test(`${key}: ${example} → ${effect}`, async () => {
    try {
      if (effect === "refused") {
        const { code, text } = await stack.preview({ [key]: exampleValue(example) });
        assert.notEqual(code, 0, text);
        return;
      }
      const planned = await steps(key, example);
      const described = JSON.stringify([...planned].map(([type, ops]) => [type, [...ops]]));
      const container = planned.get("Container") ?? new Set();
      const volumeOps = [...(planned.get("Volume") ?? [])];
      if (effect !== "nodes") assert.deepEqual(volumeOps, [], described);
      switch (effect) {
        case "replace":
          assert.ok(container.has("replace"), described);
          break;
        case "update":
          assert.deepEqual([...container], ["update"], described);
          break;
        case "nodes":
          assert.ok(container.has("create") || container.has("delete"), described);
          assert.ok(!container.has("replace") && !container.has("update"), described);
          break;
        case "reload":
        case "restart":
          assert.equal(container.size, 0, described);
          assert.ok(planned.has("ClusterSettings"), described);
          break;
        case "gate":
          assert.equal(container.size, 0, described);
          assert.ok(!planned.has("ClusterSettings"), described);
          break;
        case "first start":
        case "state":
          assert.equal(container.size, 0, described);
          break;
        default:
          assert.fail(`docs/changes.md: unknown effect ${effect}`);
      }
    } finally {
      await stack.restore(key);
    }
  });
}
