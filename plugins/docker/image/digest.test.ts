import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { contextDigest } from "./digest";

const folder = mkdtempSync(path.join(tmpdir(), "digest-"));
after(() => {
  rmSync(folder, { recursive: true });
});

test("the digest follows content, names and modes, and not what is ignored", () => {
  const file = (name: string): string => path.join(folder, name);
  const digest = (): string => contextDigest(folder, file("Dockerfile"));
  mkdirSync(file("sub"));
  writeFileSync(file("Dockerfile"), "FROM scratch\n");
  writeFileSync(file("sub/script.sh"), "echo\n", { mode: 0o644 });
  writeFileSync(file(".dockerignore"), "ignored\n");
  const seen = [digest()];

  writeFileSync(file("ignored"), "anything");
  assert.equal(digest(), seen[0]);

  const changes = [
    () => {
      writeFileSync(file("sub/script.sh"), "echo more\n");
    },
    () => {
      chmodSync(file("sub/script.sh"), 0o755);
    },
    () => {
      renameSync(file("sub/script.sh"), file("sub/other.sh"));
    },
    () => {
      writeFileSync(file("Dockerfile"), "FROM debian\n");
    },
  ];
  for (const change of changes) {
    change();
    assert.ok(!seen.includes(digest()));
    seen.push(digest());
  }
});
