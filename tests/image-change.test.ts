import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { query } from "./lib/database";
import { belongings, docker } from "./lib/docker";
import { checkout, testStack } from "./lib/stack";

const copy = mkdtempSync(join(tmpdir(), "sav3-copy-"));
const stack = testStack({ config: { replicas: 1 }, directory: copy });
let changedImage = "";

/** A clone as it stands on disk, changes included; dependencies are shared. */
function copyCheckout(): void {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: checkout, encoding: "utf8" },
  );
  for (const path of listed.split("\0").filter((name) => name !== "")) {
    cpSync(join(checkout, path), join(copy, path), { recursive: dirname(path) !== "." });
  }
  symlinkSync(join(checkout, "node_modules"), join(copy, "node_modules"));
  const cli = join(process.env["SAV3_HOME"] ?? join(checkout, ".sav3"), "pulumi/versions");
  if (existsSync(cli)) {
    mkdirSync(join(copy, ".sav3/pulumi"), { recursive: true });
    symlinkSync(cli, join(copy, ".sav3/pulumi/versions"));
  }
}

before(async () => {
  copyCheckout();
  await stack.up();
});

after(async () => {
  stack.remove();
  if (changedImage !== "") await docker("image", "rm", changedImage).catch(() => undefined);
  rmSync(copy, { recursive: true, force: true });
});

test("a changed script in the image replaces containers once and keeps volumes and rows", async () => {
  await query(await stack.primary(), "create table kept as select generate_series(1, 1000) as n");
  const volumes = (await belongings(stack.name)).volumes;
  // A new or newly seeded volume would have files born later.
  const births = (): Promise<string[]> =>
    Promise.all(
      [0, 1].map((node) =>
        docker(
          "exec",
          stack.container(node),
          "stat",
          "-c",
          "%i %w",
          "/var/lib/postgresql/data/PG_VERSION",
        ),
      ),
    );
  const born = await births();
  const old = [await stack.facts(0), await stack.facts(1)];

  appendFileSync(join(copy, "scripts/replica-entrypoint.sh"), "# A changed line.\n");
  await stack.up();

  const now = [await stack.facts(0), await stack.facts(1)];
  changedImage = now[0]?.image ?? "";
  for (const [index, { id, image }] of now.entries()) {
    assert.notEqual(id, old[index]?.id, `pg-${index} has a new container`);
    assert.notEqual(image, old[index]?.image, `pg-${index} has the new image`);
  }
  assert.deepEqual((await belongings(stack.name)).volumes, volumes);
  assert.deepEqual(await births(), born, "the volumes and their data are the same ones");
  for (const node of [await stack.primary(), ...(await stack.replicas())]) {
    assert.deepEqual(await query(node, "select count(*)::int as rows from kept"), [{ rows: 1000 }]);
  }
  assert.equal((await stack.up()).total, 0);
});

test("what is not in the image changes nothing", async () => {
  appendFileSync(join(copy, "README.md"), "\nA changed line.\n");
  appendFileSync(join(copy, "components/cluster.ts"), "\n// A changed line.\n");
  assert.equal((await stack.up()).total, 0);
});
