import type { Address } from "./database";
import { docker, exec } from "./docker";
import type { TestStack } from "./stack";

/** Where the application writes through the pooler. */
export async function pooled(stack: TestStack): Promise<Address> {
  const { pooledUri = "", caCertificate } = await stack.outputs();
  return { uri: pooledUri, ca: caCertificate };
}

/** Where it reads through the pooler. */
export async function pooledRead(stack: TestStack): Promise<Address> {
  const { pooledReadUri = "", caCertificate } = await stack.outputs();
  return { uri: pooledReadUri, ca: caCertificate };
}

/** The same place, as another role. */
export function as(
  { uri, ca }: Address,
  user: string,
  password: string,
  database = "app",
): Address {
  const url = new URL(uri);
  url.username = user;
  url.password = encodeURIComponent(password);
  url.pathname = `/${database}`;
  return { uri: url.href, ca };
}

/** Containers and starts of both poolers: equal means neither replaced nor restarted. */
export async function poolerStarts(stack: TestStack): Promise<string[]> {
  return Promise.all(
    ["pgbouncer", "pgbouncer-read"].map(async (name) =>
      docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", `${stack.prefix}-${name}`),
    ),
  );
}

/** What the admin console says, as it says it. */
export async function consoleOf(stack: TestStack, command: string, pooler = "pgbouncer") {
  const { code, stdout, text } = await exec(`${stack.prefix}-${pooler}`, ["sav3-console", command]);
  if (code !== 0) throw new Error(text);
  return stdout;
}
