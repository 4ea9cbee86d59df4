import { type Properties, type Value, asText, blocks, isProperties } from "../lib/values";

/** The labels as Docker takes them. */
export function toDockerLabels(labels: Value | undefined): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { label, value } of blocks(labels)) result[asText(label)] = asText(value);
  return result;
}

/** Docker's labels as the state has them, ordered by name. */
export function fromDockerLabels(labels: Record<string, string> | null | undefined): Properties[] {
  return Object.entries(labels ?? {})
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map(([label, value]) => ({ label, value }));
}

/** A map of texts, such as options, as Docker takes it. */
export function toTextMap(value: Value | undefined): Record<string, string> {
  if (!isProperties(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asText(item)]));
}
