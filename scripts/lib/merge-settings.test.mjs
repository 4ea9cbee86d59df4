import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { mergeSettings, readSetting, withDefaults, withSetting } from "./merge-settings.mjs";

/**
 * @param {string} tracked
 * @param {string} before
 * @param {string | undefined} inUse
 * @returns {unknown}
 */
const merged = (tracked, before, inUse) => parse(mergeSettings({ tracked, before, inUse }));

test("the first copy is the tracked file", () => {
  assert.deepEqual(merged("config:\n  a:x: 1\n  a:y: {z: [1, 2]}\n", "", undefined), {
    config: { "a:x": 1, "a:y": { z: [1, 2] } },
  });
});

test("without a tracked file the copy is empty", () => {
  assert.deepEqual(merged("", "", undefined), {});
});

test("a changed, added or removed line of the tracked file arrives, what was set in the copy stays", () => {
  const before = "config:\n  a:x: 1\n  a:y: 3\n  a:gone: 7\n";
  const tracked = "config:\n  a:x: 2\n  a:y: 30\n  a:new: 5\n";
  const inUse = "encryptionsalt: mine\nconfig:\n  a:x: 1\n  a:y: 4\n  a:own: 9\n  a:gone: 7\n";
  assert.deepEqual(merged(tracked, before, inUse), {
    encryptionsalt: "mine",
    config: { "a:x": 2, "a:y": 4, "a:own": 9, "a:new": 5 },
  });
});

test("a key removed in the copy stays removed", () => {
  const text = "config:\n  a:x: 1\n  a:y: 2\n";
  assert.deepEqual(merged("config:\n  a:x: 1\n  a:y: 3\n", text, "config:\n  a:y: 2\n"), {
    config: { "a:y": 3 },
  });
});

test("a number that the CLI wrote back as text is not taken for a change of the user's", () => {
  const merge = merged("config:\n  a:x: 2\n", "config:\n  a:x: 1\n", 'config:\n  a:x: "1"\n');
  assert.deepEqual(merge, { config: { "a:x": 2 } });
});

test("a salt that somebody committed by accident does not block a colleague with another passphrase", () => {
  assert.deepEqual(merged("encryptionsalt: theirs\nconfig:\n  a:x: 1\n", "", undefined), {
    config: { "a:x": 1 },
  });
  const own = merged("encryptionsalt: theirs\n", "", "encryptionsalt: mine\n");
  assert.deepEqual(own, { encryptionsalt: "mine" });
});

test("a salt that tracked secrets need is taken over", () => {
  const tracked = "encryptionsalt: theirs\nconfig:\n  a:p:\n    secure: v1:abc\n";
  assert.deepEqual(merged(tracked, "", undefined), {
    encryptionsalt: "theirs",
    config: { "a:p": { secure: "v1:abc" } },
  });
  assert.throws(
    () => merged(tracked, "", "encryptionsalt: mine\nconfig:\n  a:q:\n    secure: v1:own\n"),
    /another passphrase/,
  );
});

test("a file that is no YAML is refused with the place", () => {
  assert.throws(() => merged("config: [", "", undefined), /tracked settings are not valid YAML/);
});

test("defaults fill gaps only", () => {
  const text = withDefaults("config:\n  a:x: 1\n", { "a:x": 0, "a:y": 0 });
  assert.deepEqual(parse(text), { config: { "a:x": 1, "a:y": 0 } });
  assert.deepEqual(parse(withDefaults("", { "a:y": 0 })), { config: { "a:y": 0 } });
});

test("a structured setting is written and a plain one read", () => {
  const text = withSetting("config:\n  a:h: tcp://h:1\n", "a:p", { k: "v" });
  assert.deepEqual(parse(text), { config: { "a:h": "tcp://h:1", "a:p": { k: "v" } } });
  assert.equal(readSetting(text, "a:h"), "tcp://h:1");
  assert.equal(readSetting(text, "a:p"), undefined);
});
