import { setTimeout as sleep } from "node:timers/promises";
import type { ClientConfig } from "pg";
import { connected, type Address } from "../lib/database";

/** Opens a new connection for every read, as a client without a pool does, and remembers what failed. */
export class FreshReader {
  /** Reads that came through. */
  reads = 0;
  /** Why others did not. */
  readonly failures: string[] = [];
  private stopping = false;
  private readonly work: Promise<void>;

  constructor(
    private address: Address,
    private readonly changes: ClientConfig = {},
  ) {
    this.work = this.loop();
  }

  /** From now on with another password or authority. */
  retarget(address: Address): void {
    this.address = address;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.work;
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      const address = this.address;
      try {
        await connected(address, (client) => client.query("select 1"), this.changes);
        this.reads += 1;
      } catch (error) {
        // Begun before a change and ended after it: neither the old nor the new credential's fault.
        if (address === this.address) this.failures.push(String(error));
      }
      await sleep(100);
    }
  }
}
