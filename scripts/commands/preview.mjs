// `npm run preview`: what `npm run up` would change.
import { command } from "../lib/command.mjs";
import { deploy } from "../lib/deploy.mjs";

await command(async (args) => (await deploy("preview", args)).code);
