import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { clientConfig, query, type Address } from "./database";

/** What the writer saw. */
export interface Written {
  /** Rows whose commit was acknowledged. */
  readonly acknowledged: number;
  /** Acknowledged rows that the table does not hold. Must stay empty. */
  readonly missing: readonly number[];
  /** Statements that failed or whose answer never came. */
  readonly failed: number;
  /** The longest time between two acknowledged rows, in milliseconds. */
  readonly longestGapMs: number;
}

/**
 * Inserts numbered rows one by one on one connection, reconnecting for ever, and remembers every
 * number whose commit the server has acknowledged. At the end each of them must be in the table;
 * a number without an answer may be there or not.
 */
export class Writer {
  private readonly acknowledged: number[] = [];
  private failed = 0;
  private longestGapMs = 0;
  private lastAt = Date.now();
  private stopping = false;
  private work: Promise<void> = Promise.resolve();
  private client: Client | undefined;

  private constructor(
    private address: Address,
    private readonly table: string,
    private readonly pauseMs: number,
  ) {}

  /** Makes the table and starts to write. The pause between two rows is in milliseconds. */
  static async start(address: Address, { table = "ledger", pauseMs = 10 } = {}): Promise<Writer> {
    await query(
      address,
      `create table if not exists ${table} (id bigint primary key, at timestamptz default now())`,
    );
    const [last] = await query<{ id: string }>(
      address,
      `select coalesce(max(id), 0) as id from ${table}`,
    );
    const writer = new Writer(address, table, pauseMs);
    writer.work = writer.loop(Number(last?.id ?? 0));
    return writer;
  }

  /** Rows acknowledged so far. */
  get count(): number {
    return this.acknowledged.length;
  }

  /** Statements that failed so far. */
  get failures(): number {
    return this.failed;
  }

  /** The longest time between two acknowledged rows so far, in milliseconds. */
  get gapMs(): number {
    return this.longestGapMs;
  }

  /** Measures the longest time from here on. */
  resetGap(): void {
    this.longestGapMs = 0;
  }

  /** Writes go to another address from now on: a port or a password has changed. */
  retarget(address: Address): void {
    this.address = address;
    void this.client?.end().catch(() => undefined);
    this.client = undefined;
  }

  /** Resolves when so many more rows have been acknowledged: writes work again. */
  async more(rows = 5, seconds = 60): Promise<void> {
    const goal = this.count + rows;
    const deadline = Date.now() + seconds * 1000;
    while (this.count < goal) {
      if (Date.now() > deadline) throw new Error(`no ${rows} more rows written in ${seconds} s`);
      await sleep(20);
    }
  }

  /** Stops writing and compares with what `from` (by default the same server) holds. */
  async finish(from: Address = this.address): Promise<Written> {
    this.stopping = true;
    await this.work;
    const rows = await query<{ id: string }>(from, `select id from ${this.table}`);
    const present = new Set(rows.map((row) => Number(row.id)));
    return {
      acknowledged: this.acknowledged.length,
      missing: this.acknowledged.filter((id) => !present.has(id)),
      failed: this.failed,
      longestGapMs: this.longestGapMs,
    };
  }

  /** Stops without comparing; for a clean-up after a failure. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.work;
  }

  private async open(): Promise<Client> {
    const client = new Client({ ...clientConfig(this.address), query_timeout: 3000 });
    client.on("error", () => {
      if (this.client === client) this.client = undefined;
    });
    await client.connect();
    return client;
  }

  private async loop(last: number): Promise<void> {
    let id = last;
    while (!this.stopping) {
      id += 1;
      try {
        this.client ??= await this.open();
        await this.client.query(`insert into ${this.table} (id) values ($1)`, [id]);
        const now = Date.now();
        if (this.acknowledged.length > 0) {
          this.longestGapMs = Math.max(this.longestGapMs, now - this.lastAt);
        }
        this.lastAt = now;
        this.acknowledged.push(id);
        await sleep(this.pauseMs);
      } catch {
        this.failed += 1;
        void this.client?.end().catch(() => undefined);
        this.client = undefined;
        await sleep(50);
      }
    }
    await this.client?.end().catch(() => undefined);
  }
}
