import * as pulumi from "@pulumi/pulumi";
import { faultLine } from "./config/faults";
import { parseConfig, type RawConfig } from "./config/parse";
import type { Settings } from "./config/settings";
import { stackNameFault, type StackId } from "./lib/names";

/** A stack's configuration as far as it can be judged without an engine. */
export interface Configuration {
  readonly id: StackId;
  /** Frozen; only good when there are no faults. */
  readonly settings: Settings;
  /** Everything wrong with the configuration and the stack's name, one line each. */
  readonly faults: readonly string[];
}

/** The only reader of Pulumi's configuration. Throws nothing: faults are joined with those of the preflight. */
export function readConfiguration(): Configuration {
  const id: StackId = { project: pulumi.getProject(), stack: pulumi.getStack() };
  const { settings, faults } = parseConfig(ownKeys(id.project), secretKeys(id.project));
  const name = stackNameFault(id, settings.pooler.enabled);
  return {
    id,
    settings: deepFreeze(settings),
    faults: [
      ...(name === undefined ? [] : [name]),
      ...faults.map((fault) => faultLine(id.project, fault)),
    ],
  };
}

/** Every key of the project's namespace. `pulumi.Config` cannot list keys, and unknown ones must be seen. */
function ownKeys(project: string): RawConfig {
  const prefix = `${project}:`;
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** Keys of the project's namespace that the stack keeps encrypted, as the language host tells them. */
function secretKeys(project: string): string[] {
  const told: unknown = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]");
  const prefix = `${project}:`;
  return (Array.isArray(told) ? told : [])
    .filter((key) => typeof key === "string" && key.startsWith(prefix))
    .map((key) => String(key).slice(prefix.length));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
