import * as pulumi from "@pulumi/pulumi";

/**
 * URN that a dynamic resource of ours will have, for its own inputs.
 *
 * A promise and not an output: an output would carry its dependency on the parent component, which is a dependency
 * on all of the parent's children, the resource itself included, and Pulumi would wait for ever.
 */
export function ownUrn(
  type: string,
  name: string,
  parent: pulumi.Resource | undefined,
): Promise<string> {
  return new Promise((resolve) => {
    pulumi.createUrn(name, `pulumi-nodejs:dynamic/sav3:${type}`, parent).apply(resolve);
  });
}
