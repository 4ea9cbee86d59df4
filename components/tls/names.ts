import { isIP } from "node:net";

/** Addresses that mean "every interface": nobody connects to them, so no certificate names them. */
const EVERY_INTERFACE: readonly string[] = ["0.0.0.0", "::"];

/**
 * Names that a node's server certificate answers to, each once.
 * @param node host name, e.g. `pg-0`
 * @param aliases its network aliases, e.g. `pg-primary`
 * @param bindAddress address that its port is published on
 * @param extra the user's `tls.names`
 */
export function serverNames(
  node: string,
  aliases: readonly string[],
  bindAddress: string,
  extra: readonly string[],
): string[] {
  const all = [node, ...aliases, "localhost", "127.0.0.1", bindAddress, ...extra];
  return [...new Set(all)].filter((name) => !EVERY_INTERFACE.includes(name));
}

/** What is wrong with an entry of `tls.names`, or undefined. A wildcard may stand for the first label. */
export function checkName(name: string): string | undefined {
  // An address with a zone (fe80::1%eth0) means something on one machine only.
  if (isIP(name) !== 0 && !name.includes("%")) {
    return EVERY_INTERFACE.includes(name)
      ? `"${name}" is no address to connect to; name the host's own`
      : undefined;
  }
  const label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
  // Four numbers that are no IPv4 address would pass as a host name and match nothing.
  const numeric = /^[0-9.]+$/.test(name);
  return name.length <= 253 &&
    !numeric &&
    new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`).test(name)
    ? undefined
    : `"${name}" is neither a DNS name nor an IP address`;
}
