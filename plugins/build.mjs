// Makes the plugins startable: TypeScript to JavaScript once, and the launchers the Pulumi CLI looks for.
// Node's own modules only, besides the TypeScript package, which is loaded only when something changed.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const sources = path.dirname(fileURLToPath(import.meta.url));
const checkout = path.dirname(sources);
const require = createRequire(import.meta.url);

/** The plugins by name. */
const PLUGINS = /** @type {const} */ (["docker", "random"]);

/**
 * Transpiles the plugins and places their launchers. Quick when nothing changed.
 *
 * @param {{ out?: string, plugins?: string }} [options] `out`: where the JavaScript goes, by default
 *   `.sav3/plugins` of the checkout. `plugins`: the folder in which the Pulumi CLI looks for plugins
 *   (`$PULUMI_HOME/plugins`); without it no launchers are placed.
 * @returns {{ built: boolean, launchers: string[] }} whether anything had to be transpiled, and the launchers.
 */
export function buildPlugins(options = {}) {
  const out = path.resolve(options.out ?? path.join(checkout, ".sav3", "plugins"));
  const built = transpile(out);
  const { plugins } = options;
  if (plugins === undefined) return { built, launchers: [] };
  return {
    built,
    launchers: PLUGINS.map((name) => placeLauncher(name, out, path.resolve(plugins))),
  };
}

/**
 * @param {string} out
 * @returns {boolean}
 */
function transpile(out) {
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .sort();
  const contents = files.map((file) => readFileSync(path.join(sources, file), "utf8"));
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  files.forEach((file, i) => hash.update(`${file}\0${contents[i] ?? ""}\0`));
  const stamp = path.join(out, "built-from");
  const wanted = hash.digest("hex");
  if (read(stamp) === wanted) return false;

  /** @type {import("typescript")} */
  const ts = require("typescript");
  rmSync(out, { recursive: true, force: true });
  files.forEach((file, i) => {
    const { outputText } = ts.transpileModule(contents[i] ?? "", {
      fileName: file,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.CommonJS,
        esModuleInterop: true,
      },
    });
    write(path.join(out, file.replace(/\.ts$/, ".js")), outputText);
  });
  // Written last: an interrupted build starts over.
  write(stamp, wanted);
  return true;
}

/**
 * @param {string} name
 * @param {string} out
 * @param {string} plugins
 * @returns {string}
 */
function placeLauncher(name, out, plugins) {
  /** @type {{ version: string }} */
  const { version } = require(`@pulumi/${name}/package.json`);
  const folder = path.join(plugins, `resource-${name}-v${version}`);
  const main = path.join(out, name, "main.js");
  if (process.platform === "win32") {
    const launcher = path.join(folder, `pulumi-resource-${name}.cmd`);
    return place(
      launcher,
      `@set NODE_PATH=${path.join(checkout, "node_modules")}\r\n@"${process.execPath}" "${main}" %*\r\n`,
    );
  }
  const launcher = path.join(folder, `pulumi-resource-${name}`);
  const modules = quote(path.join(checkout, "node_modules"));
  return place(
    launcher,
    `#!/bin/sh\nNODE_PATH=${modules} exec ${quote(process.execPath)} ${quote(main)} "$@"\n`,
  );
}

/**
 * @param {string} file
 * @param {string} content
 * @returns {string}
 */
function place(file, content) {
  if (read(file) !== content) write(file, content);
  chmodSync(file, 0o755);
  return file;
}

/**
 * @param {string} text
 * @returns {string}
 */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * @param {string} file
 * @returns {string | undefined}
 */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {string} content
 */
function write(file, content) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const option = (/** @type {string} */ name) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? undefined : process.argv[at + 1];
  };
  const [out, plugins] = [option("out"), option("plugins")];
  const { built } = buildPlugins({
    ...(out === undefined ? {} : { out }),
    ...(plugins === undefined ? {} : { plugins }),
  });
  if (built) process.stdout.write("built the docker and random plugins\n");
}
