import { Client } from "pg";
import { clientConfig, type Address } from "../lib/database";

/** Serial number of the server certificate that a new connection is shown. */
export async function shownBy(address: Address): Promise<string> {
  let seen = "";
  const client = new Client({
    ...clientConfig(address),
    ssl: {
      ca: address.ca,
      checkServerIdentity: (_host, { serialNumber }) => {
        seen = serialNumber;
        return undefined;
      },
    },
  });
  await client.connect();
  await client.end();
  return seen;
}
