import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIgnoreFile } from "./patterns";

const FILES = [
  "Dockerfile",
  "a/1",
  "a/b/3.md",
  "a.txt",
  "c/node_modules/x/i.js",
  "d/e/keep.js",
  "d/e/no.js",
];

/** Rules, and what they leave of FILES; compared with Docker's own matcher when they were written down. */
const TABLE: readonly [rules: string, kept: string][] = [
  ["", "Dockerfile a/1 a/b/3.md a.txt c/node_modules/x/i.js d/e/keep.js d/e/no.js"],
  ["**/node_modules", "Dockerfile a/1 a/b/3.md a.txt d/e/keep.js d/e/no.js"],
  ["a", "Dockerfile a.txt c/node_modules/x/i.js d/e/keep.js d/e/no.js"],
  ["*\n!d/e/keep.js", "d/e/keep.js"],
  ["d\n!d/e/*.js\nd/e/no.*", "Dockerfile a/1 a/b/3.md a.txt c/node_modules/x/i.js d/e/keep.js"],
  ["**\n!**/*.js", "c/node_modules/x/i.js d/e/keep.js d/e/no.js"],
  ["# c\n/a/b/\n  c  ", "Dockerfile a/1 a.txt d/e/keep.js d/e/no.js"],
  ["a/*\n!a/b", "Dockerfile a/b/3.md a.txt c/node_modules/x/i.js d/e/keep.js d/e/no.js"],
  ["?.txt", "Dockerfile a/1 a/b/3.md c/node_modules/x/i.js d/e/keep.js d/e/no.js"],
  ["d/**/no.js", "Dockerfile a/1 a/b/3.md a.txt c/node_modules/x/i.js d/e/keep.js"],
  ["!a\n*", ""],
  ["**/e\n!d/e/keep.js", "Dockerfile a/1 a/b/3.md a.txt c/node_modules/x/i.js d/e/keep.js"],
  ["[^a]*", "a/1 a/b/3.md a.txt"],
];

for (const [rules, kept] of TABLE) {
  test(`${JSON.stringify(rules)} keeps ${kept === "" ? "nothing" : kept}`, () => {
    const ignored = parseIgnoreFile(rules);
    assert.equal(FILES.filter((file) => !ignored.file(file)).join(" "), kept);
  });
}

test("a folder is passed over only when nothing below it can come back", () => {
  const ignored = parseIgnoreFile("*\n!docker/postgres\n!**/keep");
  assert.equal(ignored.folder("docker"), false);
  assert.equal(ignored.folder("anything"), false);
  assert.equal(parseIgnoreFile("*\n!docker/postgres").folder("node_modules"), true);
  assert.equal(parseIgnoreFile("*\n!docker/postgres").folder("docker"), false);
});
