import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { clientConfig, type Address } from "./database";

interface Sample {
  readonly at: number;
  /** Undefined: no answer. */
  readonly writable: boolean | undefined;
}

const question = `select not pg_is_in_recovery()
  and not current_setting('default_transaction_read_only')::boolean as writable`;

/** Asks every node ten times a second whether it accepts writes. */
export class Sampler {
  private readonly samples = new Map<string, Sample[]>();
  private readonly loops: Promise<void>[] = [];
  private stopping = false;

  constructor(addresses: Readonly<Record<string, Address>>) {
    for (const [node, address] of Object.entries(addresses)) this.add(node, address);
    // A test that fails before it gets there would otherwise never end.
    after(() => {
      this.stopping = true;
    });
  }

  /** Watches one more node. */
  add(node: string, address: Address): void {
    const mine: Sample[] = [];
    this.samples.set(node, mine);
    this.loops.push(this.watch(address, mine));
  }

  /** Ends the watch; for each node how often it answered and how often it took writes. */
  async finish(): Promise<Record<string, { answers: number; writable: number }>> {
    this.stopping = true;
    await Promise.all(this.loops);
    return Object.fromEntries(
      [...this.samples].map(([node, samples]) => [
        node,
        {
          answers: samples.filter(({ writable }) => writable !== undefined).length,
          writable: samples.filter(({ writable }) => writable === true).length,
        },
      ]),
    );
  }

  private async watch(address: Address, samples: Sample[]): Promise<void> {
    let client: Client | undefined;
    while (!this.stopping) {
      const at = Date.now();
      try {
        if (client === undefined) {
          const opened = new Client({ ...clientConfig(address), query_timeout: 1000 });
          opened.on("error", () => undefined);
          await opened.connect();
          client = opened;
        }
        const { rows } = await client.query<{ writable: boolean }>(question);
        samples.push({ at, writable: rows[0]?.writable });
      } catch {
        samples.push({ at, writable: undefined });
        void client?.end().catch(() => undefined);
        client = undefined;
      }
      await sleep(Math.max(0, 100 - (Date.now() - at)));
    }
    await client?.end().catch(() => undefined);
  }
}
