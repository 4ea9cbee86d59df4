import type { GateNode, GatePlan, GatePooler } from "../../components/health/types";
import { secretsIn, type StackSecrets } from "./rotation/secrets";

/** What the commands know of a cluster from its stack: how to look at it, and how applications connect. */
export interface Connection {
  readonly plan: GatePlan;
  readonly stack: string;
  readonly database: string;
  readonly owner: string;
  readonly ownerPassword: string;
  readonly secrets: StackSecrets;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a stack's connection from its state.
 *
 * @throws when the stack does not exist or holds no cluster
 */
export async function readConnection(stack: string): Promise<Connection> {
  const { capturePulumi } = await import("./pulumi.mjs");
  const { code, stdout, stderr } = capturePulumi(stack, ["stack", "export", "--show-secrets"]);
  if (code !== 0) {
    throw new Error(
      /no stack named|not found/i.test(stderr)
        ? `there is no stack ${stack}; next: npm run up -- --stack ${stack}`
        : stderr.trim(),
    );
  }
  const connection = connectionIn(fields(JSON.parse(stdout)), stack);
  if (!connection) {
    throw new Error(`the stack ${stack} holds no cluster; next: npm run up -- --stack ${stack}`);
  }
  return connection;
}

/**
 * The connection that an exported state describes; undefined when it holds no cluster.
 *
 * After an `up` that failed the stack's outputs are of the `up` before: whatever the gate was given and the credentials
 * are now comes from the resources. Without outputs (the first `up` has not come so far) there is nothing for applications.
 */
export function connectionIn(exported: Fields, stack: string): Connection | undefined {
  const resources = list(fields(exported["deployment"])["resources"])
    .map(fields)
    .filter((resource) => resource["delete"] !== true);
  const typed = (ending: string) =>
    resources.find((resource) => text(resource, "type").endsWith(ending));
  const outputs = fields(plain(fields(typed("pulumi:pulumi:Stack")?.["outputs"])["connection"]));
  const gate = fields(plain(typed(":HealthGate")?.["inputs"]));
  const found = { ...outputs, ...fields(outputs["gate"]), ...gate };
  if (list(found["nodes"]).length === 0) {
    return undefined;
  }
  const secrets = secretsIn(exported);
  return {
    plan: {
      dockerHost: text(found, "dockerHost"),
      nodes: list(found["nodes"]).map(node),
      primary: text(found, "primary"),
      password: text(found, "password"),
      certificate: text(found, "certificate"),
      privateKey: text(found, "privateKey"),
      ca: text(found, "ca"),
      crl: text(found, "crl"),
      maxLagBytes: Number(found["maxLagBytes"]),
      ...poolerPlan(fields(found["pooler"])),
    },
    stack,
    database: text(outputs, "database"),
    owner: text(outputs, "owner"),
    // One that the user gives is no resource.
    ownerPassword: secrets.passwords.owner ?? text(outputs, "ownerPassword"),
    secrets,
  };
}

function node(value: unknown): GateNode {
  const found = fields(value);
  return {
    node: text(found, "node"),
    ...place(found),
    slot: text(found, "slot"),
  };
}

/** Containers are found by name: after an `up` that failed half-way the ids in the state may be of old ones. */
function place(found: Fields) {
  return {
    containerId: text(found, "containerName"),
    containerName: text(found, "containerName"),
    address: text(found, "address"),
    port: Number(found["port"]),
  };
}

function poolerPlan(found: Fields): Pick<GatePlan, "pooler"> {
  const poolers = list(found["poolers"]).map(pooler);
  if (poolers.length === 0) return {};
  const [user, password] = [text(found, "user"), text(found, "password")];
  return { pooler: { poolers, user, password, database: text(found, "database") } };
}

function pooler(value: unknown): GatePooler {
  const found = fields(value);
  return {
    pooler: text(found, "pooler"),
    ...place(found),
    leadsTo: text(found, "leadsTo") === "replica" ? "replica" : "primary",
  };
}

/** Secrets of an exported state are objects that hold their value as JSON text. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const found = fields(value);
  return typeof found["plaintext"] === "string"
    ? JSON.parse(found["plaintext"])
    : Object.fromEntries(Object.entries(found).map(([key, inner]) => [key, plain(inner)]));
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(from: Fields, key: string): string {
  const value = from[key];
  return typeof value === "string" ? value : "";
}
