import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { effects, knownSettings, settingsOf, type ComingNode } from "./effects";

const olds = {
  hashes: { "pg-0": "h0", "pg-1": "h1" },
  containers: { "pg-0": "c0", "pg-1": "c1" },
  settings: {
    "pg-0": { max_connections: "'100'", work_mem: "'4MB'" },
    "pg-1": { max_connections: "'100'", work_mem: "'4MB'" },
  },
};
const coming = (
  settings: Record<string, string>,
  more: Partial<Record<string, Partial<ComingNode>>> = {},
): ComingNode[] =>
  ["pg-0", "pg-1"].map((node, index) => ({
    node,
    containerId: `c${index}`,
    hash: `new${index}`,
    settings: { max_connections: "'100'", work_mem: "'4MB'", ...settings },
    ...more[node],
  }));

describe("the effects of a change in words", () => {
  it("are none where nothing changes, and for a new cluster", () => {
    const same = coming({}).map((node, index) => ({ ...node, hash: `h${index}` }));
    assert.deepEqual(effects(olds, same), []);
    assert.deepEqual(effects({}, coming({})), []);
  });

  it("tell a reload from a restart, and the order", () => {
    assert.deepEqual(effects(olds, coming({ work_mem: "'8MB'" })), [
      "work_mem 4MB -> 8MB: reloaded, nothing restarts",
    ]);
    assert.match(
      effects(olds, coming({ max_connections: "'200'" })).join(),
      /max_connections 100 -> 200: PostgreSQL restarts, pg-1, then pg-0; data is kept/,
    );
    assert.match(
      effects(olds, coming({ max_connections: "'60'" })).join(),
      /PostgreSQL restarts, pg-0, then pg-1/,
    );
  });

  it("know PostgreSQL's own values of the settings that lead the primary first", () => {
    const bare = { ...olds, settings: { "pg-0": { port: "5432" }, "pg-1": { port: "5432" } } };
    const lowered = (to: string) =>
      effects(
        bare,
        coming({}).map((each) => ({ ...each, settings: { port: "5432", max_connections: to } })),
      ).join();
    assert.match(lowered("'60'"), /PostgreSQL restarts, pg-0, then pg-1/);
    assert.match(lowered("'300'"), /PostgreSQL restarts, pg-1, then pg-0/);
  });

  it("name replaced and leaving containers, and what stays", () => {
    const unknown = { containerId: undefined };
    const replaced = effects(olds, coming({}, { "pg-0": unknown, "pg-1": unknown })).join();
    assert.match(
      replaced,
      /replaced, each stopped cleanly first: pg-1, then pg-0; every data volume/,
    );
    const alone = coming({}).slice(0, 1);
    assert.match(effects(olds, alone).join(), /^pg-1 leave: .* the primary keeps every row/);
  });

  it("say that other files are exchanged without a restart", () => {
    assert.match(effects(olds, coming({})).join(), /other files of pg-0, pg-1 /);
  });

  it("read a rendered file", () => {
    assert.deepEqual(settingsOf("# comment\nwork_mem = '4MB'\npg_stat_statements.max = '100'\n"), {
      work_mem: "'4MB'",
      "pg_stat_statements.max": "'100'",
    });
  });

  it("keep no value of a name that PostgreSQL does not describe, and show none", () => {
    const before = knownSettings("work_mem = '4MB'\napp.key = 'canary-1'\n");
    const after = knownSettings("work_mem = '4MB'\napp.key = 'canary-2'\n");
    assert.equal(before["work_mem"], "'4MB'");
    assert.doesNotMatch(JSON.stringify([before, after]), /canary/);
    const [known, next] = [before, after].map((settings) => ({
      ...olds,
      settings: { "pg-0": settings, "pg-1": settings },
    }));
    const nodes = coming({}).map((each) => ({ ...each, settings: next?.settings["pg-0"] ?? {} }));
    assert.deepEqual(effects(known ?? {}, nodes), ["app.key changed: reloaded, nothing restarts"]);
  });
});
