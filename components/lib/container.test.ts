import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { splitFrames } from "./container";

function frame(stream: number, text: string): Buffer {
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe("splitFrames", () => {
  it("gives the same text wherever the bytes are cut", () => {
    const bytes = Buffer.concat([frame(1, "one "), frame(2, "error"), frame(1, "two")]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const first = splitFrames(bytes.subarray(0, cut));
      const second = splitFrames(Buffer.concat([first.rest, bytes.subarray(cut)]));
      assert.equal(`${first.stdout.toString()}${second.stdout.toString()}`, "one two");
      assert.equal(`${first.stderr.toString()}${second.stderr.toString()}`, "error");
      assert.equal(second.rest.length, 0);
    }
  });
});
