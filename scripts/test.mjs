// `npm test`: set-up, lint, unit tests, then the tests that need Docker.
// `npm test -- unit` runs the unit tests alone, `npm test -- image tls` the Docker tests whose file names
// contain one of the words, `npm run test:long` everything, with SAV3_LONG=1.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { runInForeground } from "./lib/process.mjs";
import { endAll, runTests } from "./lib/test-file.mjs";
import { setup } from "./setup/main.mjs";
import { root, stateDirectory } from "./setup/paths.mjs";

/** Docker tests that run side by side: they wait more than they compute. */
const atOnce = 2;

/** Docker tests that disturb what the others use: they run one by one, last. */
const alone = ["restarts.test.ts", "disk-full.test.ts"];

/** Docker tests that take long and so start first. */
const first = [
  "rotation-tls.test.ts",
  "rotation.test.ts",
  "sick.test.ts",
  "killed.test.ts",
  "changes.test.ts",
  "main-job.test.ts",
  "pooler.test.ts",
];

/** Folders that hold sources with their unit tests. */
const sources = ["components", "docker", "plugins", "policy", "scripts", "tests/lib"];

/** Seconds until a file of tests is stopped. */
const deadlines = { unit: 600, docker: 1200, long: 5400 };

const words = process.argv.slice(2).filter((word) => word !== "--");
const long = words.includes("long") || process.env["SAV3_LONG"] === "1";
const filters = words.filter((word) => word !== "long");
/** What the long runs measured, one JSON line each. */
const measured = join(stateDirectory(), "faults.jsonl");
const env = { ...process.env, ...(long ? { SAV3_LONG: "1", SAV3_REPORT: measured } : {}) };

/** @type {import("./lib/test-file.mjs").Result[]} */
const results = [];
let interrupted = false;
for (const name of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(name, () => {
    interrupted = true;
    endAll(name);
  });
}

process.exitCode = (await main()) ? 0 : 1;

async function main() {
  if (!(await setup())) return false;
  if (filters.length === 0) await lint();
  if (filters.length === 0 || filters.includes("unit")) await unit();
  if (long) writeFileSync(measured, "");
  await docker();
  if (long) {
    const writer = ["--import", "tsx", "tests/lib/write-faults.ts"];
    await runInForeground(process.execPath, writer, { cwd: root, env });
  }
  return summary();
}

async function lint() {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const npm = process.env["npm_execpath"];
  const args = ["run", "--silent", "lint"];
  const code = await (npm === undefined
    ? runInForeground("npm", args, { cwd: root })
    : runInForeground(process.execPath, [npm, ...args], { cwd: root }));
  const failed = code === 0 ? 0 : 1;
  // The tests run all the same: one look shows everything that is wrong.
  report({
    name: "lint",
    passed: 0,
    failed,
    skipped: 0,
    ok: code === 0,
    output: "",
    seconds: seconds(),
  });
}

async function unit() {
  const files = sources.flatMap((folder) => testFiles(join(root, folder), true));
  const seconds = deadlines.unit;
  if (files.length > 0) report(await runTests("unit tests", files, { seconds, env, cwd: root }));
}

async function docker() {
  const wanted = filters.filter((word) => word !== "unit");
  if (filters.length > 0 && wanted.length === 0) return;
  const files = ["tests", "tests/faults"]
    .flatMap((folder) => testFiles(join(root, folder), false))
    .filter((file) => wanted.length === 0 || wanted.some((word) => basename(file).includes(word)));
  const together = files.filter((file) => !alone.includes(basename(file)));
  const early = together.filter((file) => first.includes(basename(file)));
  const waiting = [...early, ...together.filter((file) => !early.includes(file))];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await one(file);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  for (const file of files.filter((name) => !together.includes(name))) await one(file);
}

/** @param {string} file */
async function one(file) {
  if (interrupted) return;
  const seconds = long ? deadlines.long : deadlines.docker;
  report(await runTests(relative(root, file), [file], { seconds, env, cwd: root }));
}

/** @param {import("./lib/test-file.mjs").Result} result */
function report(result) {
  results.push(result);
  const { name, passed, failed, skipped, ok, output, seconds } = result;
  const left = skipped > 0 ? `, ${String(skipped)} skipped` : "";
  const counts = `${String(passed)} passed, ${String(failed)} failed${left}`;
  console.log(`${ok ? "ok  " : "FAIL"} ${name}: ${counts} (${seconds.toFixed(1)} s)`);
  if (!ok) console.log(output);
}

function summary() {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  const faulty = results.filter(({ ok }) => !ok).map(({ name }) => name);
  if (faulty.length > 0) console.log(`failed: ${faulty.join(", ")}`);
  if (passed + failed === 0) console.log("no test was run: nothing matches, or nothing is left");
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
  return passed > 0 && failed === 0 && !interrupted;
}

/**
 * @param {string} folder
 * @param {boolean} deep
 * @returns {string[]}
 */
function testFiles(folder, deep) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: deep })
    .filter((entry) => entry.isFile() && /\.test\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
