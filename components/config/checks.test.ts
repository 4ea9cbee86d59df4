import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeBytes } from "./checks";
import { faultLine, faultText } from "./faults";
import { fixedPorts, requestedPort } from "./ports";

test("sizes in the usual spellings", () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ["512m", 512 * 1024 ** 2],
    ["1g", 1024 ** 3],
    ["1.5G", 1.5 * 1024 ** 3],
    ["1GiB", 1024 ** 3],
    ["256 MB", 256 * 1024 ** 2],
    ["64k", 64 * 1024],
    ["1024", undefined],
    ["-1g", undefined],
    ["g", undefined],
  ];
  for (const [text, bytes] of table) assert.equal(sizeBytes(text), bytes, text);
});

test("replica i is published at replicaPort + i - 1, and 0 stays 0", () => {
  const pooler = { enabled: true, port: 6432, readPort: 0 };
  const settings = { replicas: 2, primaryPort: 0, replicaPort: 5433, pooler };
  assert.deepEqual(
    [0, 1, 2].map((index) => requestedPort(settings, index)),
    [0, 5433, 5434],
  );
  assert.deepEqual(fixedPorts(settings), [
    { owner: "pg-1", key: "replicaPort", port: 5433 },
    { owner: "pg-2", key: "replicaPort", port: 5434 },
    { owner: "pgbouncer", key: "pooler.port", port: 6432 },
  ]);
  const off = { ...pooler, enabled: false };
  assert.equal(fixedPorts({ ...settings, pooler: off }).length, 2);
  assert.equal(requestedPort({ ...settings, replicaPort: 0 }, 2), 0);
});

test("an error lists every fault with key, value and advice, long values cut", () => {
  const text = faultText([
    faultLine("p", { key: "replicas", seen: "9", advice: "set less" }),
    faultLine("p", { key: "x", seen: "y".repeat(100), advice: "shorter" }),
    faultLine("p", { key: "secret", advice: "other" }),
  ]);
  assert.match(text, /^3 things have to change before anything is made:\n/);
  assert.match(text, /p:replicas is "9": set less\n/);
  assert.match(text, /p:x is "y{59}\.\.\.: shorter\n/);
  assert.match(text, /p:secret: other\n/);
});
