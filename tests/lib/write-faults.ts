import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import type { Measured } from "./measured";

/** Writes docs/faults.md out of what a long run noted in the file that SAV3_REPORT names. */
async function main(): Promise<void> {
  const report = process.env["SAV3_REPORT"];
  if (report === undefined) throw new Error("SAV3_REPORT names no file");
  const lines = readFileSync(report, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Measured);
  const version = execFileSync("docker", ["version", "--format", "{{.Server.Version}}"]).toString();
  const { versions, projectPulumiHome, pulumiHome } = await import("../../scripts/setup/paths.mjs");
  const plugin = pulumiHome() === projectPulumiHome() ? "the one in plugins/" : "released";
  const files = [...new Set(lines.map(({ file }) => file))].sort();
  const sections = files.map((file) => {
    const rows = lines.filter((line) => line.file === file);
    const cell = (text: string): string => text.replaceAll("|", "\\|");
    return [
      `## ${file}`,
      "",
      "| what | seen |",
      "| --- | --- |",
      ...rows.map(({ what, seen }) => `| ${cell(what)} | ${cell(seen)} |`),
      "",
    ].join("\n");
  });
  const head = [
    "# Faults: what was seen",
    "",
    "Written by `npm run test:long`, which breaks real clusters on purpose and stops at the first acknowledged row that is",
    `missing. This run: ${new Date().toISOString().slice(0, 10)}, ${process.platform} ${process.arch}, ${cpus().length} processors, ` +
      `Docker ${version.trim()}, Node ${process.versions.node}, Pulumi ${versions.pulumi}, docker plugin ${versions.docker} (${plugin}).`,
    "",
  ].join("\n");
  writeFileSync(
    join(resolve(__dirname, "../.."), "docs/faults.md"),
    `${head}\n${sections.join("\n")}`,
  );
}

void main();
