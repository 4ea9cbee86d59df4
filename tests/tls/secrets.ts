import { secretsIn, type StackSecrets } from "../../scripts/lib/rotation/secrets";
import type { TestStack } from "../lib/stack";

/** Passwords, certificates and keys of a stack as its state has them now, in clear text. */
export async function secrets(stack: TestStack): Promise<StackSecrets> {
  const { stdout } = await stack.pulumi(["stack", "export", "--show-secrets"]);
  return secretsIn(JSON.parse(stdout.slice(stdout.indexOf("{"))));
}
