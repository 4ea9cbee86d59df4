import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compare } from "bcryptjs";
import fc from "fast-check";
import { type Properties, isProperties, withoutSecrets } from "../lib/values";
import { diffPassword, generate, passwordFailures, passwordType } from "./password";

const subject = {
  urn: "urn:pulumi:s::p::random:index/randomPassword:RandomPassword::x",
  name: "x",
};
const log = Object.assign(() => undefined, { status: () => undefined });

async function create(inputs: Properties): Promise<Properties> {
  const { properties } = await passwordType.create({ ...subject, inputs, preview: false, log });
  return properties;
}

test("length, kinds of characters and their minimums are honoured", () => {
  const minimum = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(
      minimum,
      minimum,
      minimum,
      minimum,
      fc.integer({ min: 20, max: 64 }),
      (minLower, minUpper, minNumeric, minSpecial, length) => {
        const flags = { lower: true, upper: true, numeric: true, special: true };
        const password = generate({
          ...flags,
          minLower,
          minUpper,
          minNumeric,
          minSpecial,
          length,
          overrideSpecial: "-_",
        });
        assert.equal(password.length, length);
        assert.match(password, /^[A-Za-z0-9_-]+$/);
        const count = (letters: RegExp): number => password.match(letters)?.length ?? 0;
        assert.ok(count(/[a-z]/g) >= minLower && count(/[A-Z]/g) >= minUpper);
        assert.ok(count(/[0-9]/g) >= minNumeric && count(/[-_]/g) >= minSpecial);
      },
    ),
  );
});

test("the password and its hash are secrets, and belong together", async () => {
  const state = await create({ length: 20, special: false });
  assert.ok(isProperties(state["result"]) && isProperties(state["bcryptHash"]));
  const [result, hash] = [withoutSecrets(state["result"]), withoutSecrets(state["bcryptHash"])];
  assert.ok(typeof result === "string" && typeof hash === "string");
  assert.match(result, /^[A-Za-z0-9]{20}$/);
  assert.match(hash, /^\$2a\$10\$/);
  assert.ok(await compare(result, hash));
});

test("an import takes the id as the password", async () => {
  const found = await passwordType.read({ ...subject, id: "s3cret", inputs: {}, properties: {} });
  assert.equal(withoutSecrets(found?.properties["result"] ?? null), "s3cret");
  assert.equal(found?.properties["length"], 6);
});

describe("what is wrong is told by name", () => {
  const table: readonly [Properties, string][] = [
    [{}, '"length" is required'],
    [{ length: 0 }, '"length" must be a whole number of at least 1'],
    [{ length: 3, minUpper: 4 }, '"length" must be at least 4, the sum of the minimums'],
    [{ length: 8, pepper: true }, '"pepper" is not supported by this plugin'],
    [{ length: 8, special: "no" }, '"special" must be true or false'],
    [
      { length: 8, lower: false, upper: false, numeric: false, special: false },
      '"length" needs at least one kind of character switched on',
    ],
  ];
  for (const [news, reason] of table) {
    test(reason, () => {
      assert.deepEqual(
        passwordFailures(news).map((failure) => failure.reason),
        [reason],
      );
    });
  }
});

describe("a new password", () => {
  test("is made when keepers or any setting change", async () => {
    const olds = await create({ length: 12, keepers: { a: "1" } });
    assert.deepEqual(diffPassword(olds, { length: 12, keepers: { a: "2" } }).replaces, ["keepers"]);
    assert.deepEqual(diffPassword(olds, { length: 12 }).replaces, ["keepers"]);
    assert.deepEqual(diffPassword(olds, { length: 13, keepers: { a: "1" } }).replaces, ["length"]);
  });

  test("is not made when nothing changes", async () => {
    const olds = await create({ length: 12, keepers: { a: "1" } });
    assert.equal(diffPassword(olds, { length: 12, keepers: { a: "1" } }).changed, false);
  });
});
