import type { GateNode, GatePlan } from "../../components/health/types";

/** What the commands know of a cluster from its stack: how to look at it, and how applications connect. */
export interface Connection {
  readonly plan: GatePlan;
  readonly stack: string;
  readonly database: string;
  readonly owner: string;
  readonly ownerPassword: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a stack's connection from its outputs, or, when the first `up` has not come so far, from the gate's inputs
 * in the state (then without what applications need).
 *
 * @throws when the stack does not exist or holds no cluster
 */
export async function readConnection(stack: string): Promise<Connection> {
  const { capturePulumi } = await import("./pulumi.mjs");
  const run = (args: string[]) => {
    const { code, stdout, stderr } = capturePulumi(stack, args);
    if (code !== 0) {
      throw new Error(
        /no stack named|not found/i.test(stderr)
          ? `there is no stack ${stack}; next: npm run up -- --stack ${stack}`
          : stderr.trim(),
      );
    }
    return fields(JSON.parse(stdout));
  };
  const connection = run(["stack", "output", "--json", "--show-secrets"])["connection"];
  const found =
    connection === undefined
      ? fromState(run(["stack", "export", "--show-secrets"]))
      : fields(connection);
  if (!found) {
    throw new Error(`the stack ${stack} holds no cluster; next: npm run up -- --stack ${stack}`);
  }
  const gate = fields(found["gate"] ?? found);
  return {
    plan: {
      dockerHost: text(found, "dockerHost"),
      nodes: list(found["nodes"]).map(node),
      primary: text(found, "primary"),
      password: text(gate, "password"),
      certificate: text(gate, "certificate"),
      privateKey: text(gate, "privateKey"),
      ca: text(found, "ca"),
      crl: text(found, "crl"),
      maxLagBytes: Number(found["maxLagBytes"]),
    },
    stack,
    database: text(found, "database"),
    owner: text(found, "owner"),
    ownerPassword: text(found, "ownerPassword"),
  };
}

/** Containers are found by name: after an `up` that failed half-way the ids in the state may be of old ones. */
function node(value: unknown): GateNode {
  const found = fields(value);
  return {
    node: text(found, "node"),
    containerId: text(found, "containerName"),
    containerName: text(found, "containerName"),
    address: text(found, "address"),
    port: Number(found["port"]),
    slot: text(found, "slot"),
  };
}

function fromState(exported: Fields): Fields | undefined {
  const resources = list(fields(exported["deployment"])["resources"]).map(fields);
  const gate = resources.find((resource) => text(resource, "type").endsWith(":HealthGate"));
  return gate && fields(plain(gate["inputs"]));
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
