import type { ResourceValidationPolicy } from "@pulumi/policy";
import { record, text } from "../resource";
import { rules } from "../rules";

/** The rules as a policy pack has them: each looks at every resource, and what it refuses is not deployed. */
export const policies: ResourceValidationPolicy[] = rules.map(({ name, description, check }) => ({
  name,
  description,
  enforcementLevel: "mandatory",
  validateResource: (resource, report) => {
    const { type, name: of, props } = resource;
    for (const message of check({ type: text(type), name: text(of), props: record(props) })) {
      report(message);
    }
  },
}));
