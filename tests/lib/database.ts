import { Client, type ClientConfig, type QueryResultRow } from "pg";

/** What it takes to open a connection that checks the server's certificate. */
export interface Address {
  readonly uri: string;
  readonly ca: string;
}

/** A node-postgres configuration out of one of the stack's URIs. */
export function clientConfig({ uri, ca }: Address): ClientConfig {
  const url = new URL(uri);
  return {
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: { ca },
    connectionTimeoutMillis: 5000,
    query_timeout: 10000,
    application_name: "sav3-tests",
  };
}

/** Opens a connection, runs `use`, closes it whatever happens. */
export async function connected<T>(
  address: Address,
  use: (client: Client) => Promise<T>,
  changes: ClientConfig = {},
): Promise<T> {
  const client = new Client({ ...clientConfig(address), ...changes });
  // A server that goes away while the connection idles would otherwise end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** One statement on a connection of its own. */
export async function query<Row extends QueryResultRow>(
  address: Address,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return connected(address, async (client) => (await client.query<Row>(sql, [...values])).rows);
}
