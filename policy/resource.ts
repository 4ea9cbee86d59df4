/** A resource as the rules see it: what the program registers, or what a policy pack is handed. */
export interface PolicyResource {
  /** Type token, e.g. `docker:index/container:Container`. */
  readonly type: string;
  /** Name in the program. */
  readonly name: string;
  /** Inputs, secrets in clear. */
  readonly props: Readonly<Record<string, unknown>>;
}

/** A rule: what is wrong with a resource, one sentence each; empty when nothing is. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  readonly check: (resource: PolicyResource) => readonly string[];
}

/** One broken rule. */
export interface Violation {
  readonly rule: string;
  readonly resource: string;
  readonly message: string;
}

/** Applies rules to resources. */
export function violations(
  resources: readonly PolicyResource[],
  rules: readonly Rule[],
): Violation[] {
  return resources.flatMap((resource) =>
    rules.flatMap((rule) =>
      rule
        .check(resource)
        .map((message) => ({ rule: rule.name, resource: resource.name, message })),
    ),
  );
}

export const CONTAINER = "docker:index/container:Container";
export const BUILT_IMAGE = "docker:index/image:Image";
export const PULLED_IMAGE = "docker:index/remoteImage:RemoteImage";

/** A property as an object; an empty one when it is something else. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** A property as a list; an empty one when it is something else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A property as text; empty when it is something else. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
