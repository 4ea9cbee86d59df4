// `npm run env [-- --file FILE]`: writes connection settings into an ignored .env and the authority's certificate
// beside the state, both for this user's eyes only.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { caFile, crlFile, writeCrlFile } from "../../components/lib/ca-file";
import { connectionVariables, withVariables } from "../lib/env-file";
import { readConnection } from "../lib/stack";

function writePrivately(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  // A file of its own, so that an older one's wider mode never applies to what is written now.
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, content, { mode: 0o600, flag: "wx" });
  renameSync(fresh, file);
}

async function main(args: readonly string[]): Promise<number> {
  const [{ takeOption }, { selectStack }, { root }, { baseName }] = await Promise.all([
    import("../lib/arguments.mjs"),
    import("../lib/selection.mjs"),
    import("../setup/paths.mjs"),
    import("../lib/stack-settings.mjs"),
  ]);
  const { stack, rest } = selectStack(args);
  const { value: name = ".env" } = takeOption(rest, ["--file"]);
  const connection = await readConnection(stack);
  if (!connection.database || !connection.ownerPassword) {
    throw new Error(`the last up of ${stack} did not finish; next: npm run up -- --stack ${stack}`);
  }
  const file = resolve(root, name);
  const certificate = caFile(baseName(stack));
  writePrivately(certificate, connection.plan.ca);
  writeCrlFile(baseName(stack), connection.plan.crl);
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const variables = connectionVariables(connection, certificate, crlFile(baseName(stack)));
  writePrivately(file, withVariables(before, variables));
  console.log(`Wrote ${relative(root, file)}: ${Object.keys(variables).join(", ")}`);
  return 0;
}

void import("../lib/command.mjs").then(({ command }) => command(main));
