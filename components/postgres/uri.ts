/** What a connection URI is made of. */
export interface UriParts {
  readonly user: string;
  readonly password: string;
  /** Host name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Parameters after `?`, in this order. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** An address that a port published on `bindAddress` answers at, as seen from the engine's host. */
export function reachableAddress(bindAddress: string): string {
  if (bindAddress === "0.0.0.0") return "127.0.0.1";
  if (bindAddress === "::") return "::1";
  return bindAddress;
}

/** `postgresql://...` that libpq, node-postgres, JDBC wrappers and Prisma read; every part is percent-encoded. */
export function connectionUri(parts: UriParts): string {
  const host = parts.host.includes(":") ? `[${parts.host}]` : parts.host;
  const login = `${encodeURIComponent(parts.user)}:${encodeURIComponent(parts.password)}`;
  const query = Object.entries(parts.parameters ?? {})
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join("&");
  const address = `postgresql://${login}@${host}:${parts.port}/${encodeURIComponent(parts.database)}`;
  return query === "" ? address : `${address}?${query}`;
}
