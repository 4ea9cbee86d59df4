import { ROTATIONS, configKey, isRotation, passwordOf, type Rotation } from "../lib/rotation/kinds";
import { prove, type Proof } from "../lib/rotation/proof";
import { secretsIn, type StackSecrets } from "../lib/rotation/secrets";
import { readConnection } from "../lib/stack";
import { table } from "../lib/table";

const USAGE = `usage: npm run rotate -- WHAT [--stack NAME]
  WHAT: ${ROTATIONS.join(", ")}
  authority does two updates: both authorities are trusted, then only the new one.
    --begin   only the first: clients elsewhere still have to get the new CA certificate
    --finish  only the second`;

type Step = "begin" | "finish";

interface Request {
  readonly rotation: Rotation;
  readonly steps: readonly Step[];
}

/** `npm run rotate`: exchanges a secret in place, then shows that the old one is refused. */
async function main(args: readonly string[], stack: string): Promise<number> {
  const request = parse(args);
  if (request === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { rotation, steps } = request;
  const before = await readSecrets(stack);
  const refusal = obstacle(request, before);
  if (refusal !== undefined) throw new Error(refusal);

  for (const step of steps) {
    const code = await update(stack, rotation, step);
    if (code !== 0) {
      const then = rotation === "authority" ? ", then npm run rotate -- authority --finish" : "";
      console.error(`error: the rotation of ${rotation} is not complete; next: npm run up${then}`);
      return code;
    }
    if (step === "begin" && rotation === "authority") checkNew(before, await readSecrets(stack));
  }
  const after = await readSecrets(stack);
  if (rotation === "authority" && !steps.includes("finish")) {
    console.log(
      "Both authorities are trusted. Give clients the new CA certificate (npm run env), then: " +
        "npm run rotate -- authority --finish",
    );
    return 0;
  }
  if (rotation === "authority" && !steps.includes("begin")) {
    if (after.authority.previous !== "") {
      throw new Error("the authority before is still trusted; next: npm run status");
    }
    console.log("The authority before is no longer trusted.");
    return 0;
  }
  const proofs = await prove(rotation, { cluster: await readConnection(stack), before, after });
  console.log(report(proofs).join("\n"));
  await remindOfSharedSettings(rotation);
  return proofs.every(({ good }) => good) ? 0 : 1;
}

function parse(args: readonly string[]): Request | undefined {
  const [rotation, ...flags] = args;
  if (!isRotation(rotation)) return undefined;
  const flag = flags[0];
  if (flags.length === 0) {
    return { rotation, steps: rotation === "authority" ? ["begin", "finish"] : ["begin"] };
  }
  const only = flag === "--begin" ? "begin" : flag === "--finish" ? "finish" : undefined;
  if (rotation !== "authority" || flags.length > 1 || only === undefined) return undefined;
  return { rotation, steps: [only] };
}

/** Why this secret cannot be exchanged, or not by the program. */
function obstacle({ rotation, steps }: Request, secrets: StackSecrets): string | undefined {
  if (secrets.authority.certificate === "") return "the stack has no cluster yet; next: npm run up";
  if (rotation === "authority" && steps.includes("begin") && secrets.authority.previous !== "") {
    return (
      "two authorities are trusted already, and another would shut out clients that still use the older one; " +
      "next: give clients the new CA certificate (npm run env), then npm run rotate -- authority --finish"
    );
  }
  if (rotation === "pooler-password" && secrets.passwords.pooler === undefined) {
    return "the stack has no pooler; next: npm run pulumi -- config set --path pooler.enabled true";
  }
  const password = passwordOf(rotation);
  if (password?.given === undefined || secrets.passwords[password.role] !== undefined) {
    return undefined;
  }
  return (
    `the password is your own (${password.given}); set another and bring it into effect: ` +
    `npm run pulumi -- config set --secret --path sav3-postgres:${password.given}, then npm run up`
  );
}

/** An own authority is exchanged by its owner; without another one there is nothing to change over to. */
function checkNew(before: StackSecrets, after: StackSecrets): void {
  if (after.authority.certificate === before.authority.certificate) {
    throw new Error(
      "the authority is your own (tls.ca) and still the same; set certificate and privateKey of the new one first",
    );
  }
}

/** Sets the text that asks for the change, then deploys. */
async function update(stack: string, rotation: Rotation, step: Step): Promise<number> {
  const { capturePulumi } = await import("../lib/pulumi.mjs");
  const { deploy } = await import("../lib/deploy.mjs");
  const path = `sav3-postgres:rotation.${step === "begin" ? configKey(rotation) : "retireAuthority"}`;
  // The CLI takes a text under such a name for a secret unless told that it is none.
  const set = ["config", "set", "--plaintext", "--path", path, new Date().toISOString()];
  must(capturePulumi(stack, set));
  const { code } = await deploy("up", ["--stack", stack, "--yes", "--skip-preview"]);
  return code;
}

async function readSecrets(stack: string): Promise<StackSecrets> {
  const { capturePulumi } = await import("../lib/pulumi.mjs");
  return secretsIn(JSON.parse(must(capturePulumi(stack, ["stack", "export", "--show-secrets"]))));
}

function must(result: { code: number; stdout: string; stderr: string }): string {
  if (result.code !== 0) throw new Error(result.stderr.trim());
  return result.stdout;
}

function report(proofs: readonly Proof[]): string[] {
  return table([
    ["NODE", "TRIED", "SEEN", ""],
    ...proofs.map(({ node, what, seen, good }) => [node, what, seen, good ? "ok" : "FAILED"]),
  ]);
}

/** With a shared backend, somebody else's `up` without the new text would rotate once more. */
async function remindOfSharedSettings(rotation: Rotation): Promise<void> {
  const { backend } = await import("../setup/environment.mjs");
  if (backend().kind === "local") return;
  console.log(
    `This stack's state is shared: put the new rotation.${configKey(rotation)} into its tracked stack file, too ` +
      "(npm run pulumi -- config shows it).",
  );
}

main(process.argv.slice(2), process.env["SAV3_STACK"] ?? "dev").then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  },
);
