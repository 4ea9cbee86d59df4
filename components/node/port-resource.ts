import * as pulumi from "@pulumi/pulumi";
import { connect, engineIsLocal } from "../lib/engine";
import { canBind } from "../lib/free-port";

/** Arguments of {@link Port}. */
export interface PortArgs {
  /** The port to publish; 0 chooses a free one. A change gives the container another port, which replaces it. */
  requested: pulumi.Input<number>;
  /** Address the port is published on; a change keeps a chosen port. */
  bindAddress: pulumi.Input<string>;
  /** Address of the engine that publishes the port. */
  dockerHost: pulumi.Input<string>;
}

interface PortInputs {
  requested: number;
  bindAddress: string;
  dockerHost: string;
}

/** Below every system's range of outgoing ports, so that no client's connection ever holds one of ours. */
const range = { first: 20_000, count: 12_000 };

/** Ports that containers of the engine publish, stopped ones of this project included. */
async function published(dockerHost: string): Promise<number[]> {
  const docker = connect(dockerHost);
  const running = await docker.listContainers();
  const ours = await docker.listContainers({ all: true, filters: { label: ["sav3.project"] } });
  const details = await Promise.all(
    // A container that vanished between the two calls holds no port.
    ours.map((container) =>
      docker
        .getContainer(container.Id)
        .inspect()
        .catch(() => undefined),
    ),
  );
  const bindings = details.flatMap((detail) => {
    const ports: unknown = detail?.HostConfig.PortBindings;
    return [...JSON.stringify(ports ?? {}).matchAll(/"HostPort":"(\d+)"/g)].map(
      (found) => found[1],
    );
  });
  return [
    ...running.flatMap((container) => container.Ports.map((port) => port.PublicPort)),
    ...bindings.map(Number),
  ];
}

/** Ports chosen by this process: two resources that choose at the same time must not meet. */
function claim(port: number): boolean {
  const key = Symbol.for(`sav3.port.${port}`);
  return Reflect.get(globalThis, key) === undefined && Reflect.set(globalThis, key, true);
}

async function choose(inputs: PortInputs): Promise<number> {
  const taken = new Set(await published(inputs.dockerHost));
  const local = engineIsLocal(inputs.dockerHost);
  const start = Math.floor(Math.random() * range.count);
  for (let step = 0; step < range.count; step++) {
    const port = range.first + ((start + step) % range.count);
    if (!taken.has(port) && (!local || (await canBind(inputs.bindAddress, port))) && claim(port)) {
      return port;
    }
  }
  throw new Error(
    `no free port from ${range.first} to ${range.first + range.count - 1} on ${inputs.bindAddress}; ` +
      `set the ports of sav3-postgres (primaryPort, replicaPort, pooler.port, pooler.readPort)`,
  );
}

/** Chooses once and keeps the choice in state; Docker itself would allot another port at every start. */
export const portProvider = {
  async create(inputs: PortInputs) {
    const port = inputs.requested === 0 ? await choose(inputs) : inputs.requested;
    return { id: `port-${port}`, outs: { port, requested: inputs.requested } };
  },
  diff(_id: string, olds: { requested: number }, news: PortInputs) {
    return Promise.resolve({ changes: olds.requested !== news.requested });
  },
  async update(_id: string, _olds: object, news: PortInputs) {
    const port = news.requested === 0 ? await choose(news) : news.requested;
    return { outs: { port, requested: news.requested } };
  },
};

/** One published port of the cluster. */
class Port extends pulumi.dynamic.Resource {
  /** The port number, stable until `requested` changes. */
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: PortArgs, opts?: pulumi.CustomResourceOptions) {
    super(portProvider, name, { ...args, port: undefined }, opts, "sav3", "Port");
  }
}

/** A port as asked for, or a free one where that is 0. */
export function publishedPort(
  name: string,
  args: PortArgs & { readonly requested: number },
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<number> {
  return args.requested === 0 ? new Port(name, args, opts).port : pulumi.output(args.requested);
}
