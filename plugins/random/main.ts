import { version } from "@pulumi/random/package.json";
import type { Plugin } from "../lib/resource";
import { serve } from "../lib/server";
import { passwordType } from "./password";

/** The random plugin, for where the released one cannot be downloaded. */
export function randomPlugin(): Plugin {
  return {
    name: "random",
    version,
    resources: { "random:index/randomPassword:RandomPassword": passwordType },
    checkConfig: (config) => ({ inputs: config, failures: [] }),
    configure: () => Promise.resolve(),
  };
}

if (require.main === module) void serve(randomPlugin(), process.argv[2]);
