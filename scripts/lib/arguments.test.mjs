import assert from "node:assert/strict";
import { test } from "node:test";
import { configOption, takeFlag, takeOption, takeStructuredConfig, words } from "./arguments.mjs";

test("an option is found in all its forms and taken out, the last one counts", () => {
  const names = ["--stack", "-s"];
  for (const args of [
    ["--stack", "alice", "--yes"],
    ["--yes", "--stack=alice"],
    ["-s", "bob", "-s=alice", "--yes"],
  ]) {
    assert.deepEqual(takeOption(args, names), { value: "alice", rest: ["--yes"] });
  }
  assert.deepEqual(takeOption(["--yes"], names), { value: undefined, rest: ["--yes"] });
});

test("what follows two dashes belongs to somebody else", () => {
  const args = ["--", "--stack", "alice"];
  assert.deepEqual(takeOption(args, ["--stack"]), { value: undefined, rest: args });
});

test("a flag is taken out wherever it stands", () => {
  assert.deepEqual(takeFlag(["a", "--images", "b"], "--images"), { given: true, rest: ["a", "b"] });
  assert.deepEqual(takeFlag(["a"], "--images"), { given: false, rest: ["a"] });
});

test("words are what is no option", () => {
  assert.deepEqual(words(["stack", "rm", "--yes", "alice"]), ["stack", "rm", "alice"]);
});

test("only settings with structured values are taken from the command line", () => {
  const args = [
    "-c",
    "a:x=1",
    "-c",
    'a:p={"k":"v"}',
    '--config=a:l=["e"]',
    "-c",
    "a:t={no json",
    "-d",
  ];
  assert.deepEqual(takeStructuredConfig(args), {
    settings: [
      ["a:p", { k: "v" }],
      ["a:l", ["e"]],
    ],
    rest: ["-c", "a:x=1", "-c", "a:t={no json", "-d"],
  });
});

test("a single setting is read from the command line", () => {
  assert.equal(configOption(["-c", "a:x=1", "--config=a:x=2=3"], "a:x"), "2=3");
  assert.equal(configOption(["-c", "a:xy=1"], "a:x"), undefined);
});
