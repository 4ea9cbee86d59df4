// Makes the plugins startable: TypeScript to JavaScript once, and the launchers the Pulumi CLI looks for.
// Node's own modules only, besides the TypeScript package, which is loaded only when something changed.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const sources = path.dirname(fileURLToPath(import.meta.url));
const checkout = path.dirname(sources);

/** @type {(name: "typescript") => import("typescript")} */
const loadTypeScript = createRequire(import.meta.url);
/** @type {(name: string) => { version: string }} */
const loadPackage = createRequire(import.meta.url);

/** The plugins by name. */
const PLUGINS = /** @type {const} */ (["docker", "random"]);

/**
 * Transpiles the plugins and places their launchers. Quick when nothing changed, and safe beside other
 * runs: every version of the sources has its own folder, which appears as a whole.
 *
 * @param {{ out?: string, plugins?: string }} [options] `out`: where the JavaScript goes, by default
 *   `.sav3/plugins` of the checkout. `plugins`: the folder in which the Pulumi CLI looks for plugins
 *   (`$PULUMI_HOME/plugins`); without it no launchers are placed.
 * @returns {{ built: boolean, launchers: string[] }} whether anything had to be transpiled, and the launchers.
 */
export function buildPlugins(options = {}) {
  const out = path.resolve(options.out ?? path.join(checkout, ".sav3", "plugins"));
  const { built, folder } = transpile(out);
  const { plugins } = options;
  if (plugins === undefined) return { built, launchers: [] };
  const launchers = PLUGINS.map((name) => placeLauncher(name, folder, path.resolve(plugins)));
  return { built, launchers };
}

/**
 * @param {string} out
 * @returns {{ built: boolean, folder: string }}
 */
function transpile(out) {
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .sort();
  const contents = files.map((file) => readFileSync(path.join(sources, file), "utf8"));
  const hash = createHash("sha256").update(readFileSync(fileURLToPath(import.meta.url)));
  files.forEach((file, i) => hash.update(`${file}\0${contents[i] ?? ""}\0`));
  const folder = path.join(out, hash.digest("hex").slice(0, 16));
  if (existsSync(folder)) return { built: false, folder };

  const ts = loadTypeScript("typescript");
  const unfinished = `${folder}.${String(process.pid)}`;
  files.forEach((file, i) => {
    const { outputText } = ts.transpileModule(contents[i] ?? "", {
      fileName: file,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.CommonJS,
        esModuleInterop: true,
      },
    });
    const target = path.join(unfinished, file.replace(/\.ts$/, ".js"));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  });
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Somebody else was quicker with the same.
    if (!existsSync(folder)) throw error;
  }
  return { built: true, folder };
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {string} plugins
 * @returns {string}
 */
function placeLauncher(name, folder, plugins) {
  const { version } = loadPackage(`@pulumi/${name}/package.json`);
  const place = path.join(plugins, `resource-${name}-v${version}`);
  const main = path.join(folder, name, "main.js");
  const modules = path.join(checkout, "node_modules");
  const [launcher, content] =
    process.platform === "win32"
      ? [
          path.join(place, `pulumi-resource-${name}.cmd`),
          `@set NODE_PATH=${modules}\r\n@"${process.execPath}" "${main}" %*\r\n`,
        ]
      : [
          path.join(place, `pulumi-resource-${name}`),
          `#!/bin/sh\nNODE_PATH=${quote(modules)} exec ${quote(process.execPath)} ${quote(main)} "$@"\n`,
        ];
  if (existsSync(launcher) && readFileSync(launcher, "utf8") === content) return launcher;
  mkdirSync(place, { recursive: true });
  const unfinished = `${launcher}.${String(process.pid)}`;
  writeFileSync(unfinished, content, { mode: 0o755 });
  renameSync(unfinished, launcher);
  return launcher;
}

/**
 * @param {string} text
 * @returns {string}
 */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
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
