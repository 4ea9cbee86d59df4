import { isIP } from "node:net";
import { RESERVED_DATABASES, RESERVED_ROLES } from "../postgres/roles";

/** Checks of single values: each says what to set, or nothing when the value is fine. */

const MIB = 1024 ** 2;
const UNITS: Readonly<Record<string, number>> = { k: 1024, m: MIB, g: 1024 ** 3, t: 1024 ** 4 };

/** Bytes of a size such as `512m`, `1g`, `1.5g` or `1GiB`; undefined when it is not one. */
export function sizeBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (UNITS[match[2]?.toLowerCase() ?? ""] ?? 1));
}

/** A size of at least so many bytes. */
export function sizeCheck(least: string) {
  const leastBytes = sizeBytes(least) ?? 0;
  return (text: string): string | undefined => {
    const bytes = sizeBytes(text);
    if (bytes === undefined) return "set a size such as 512m or 1g";
    return bytes < leastBytes ? `set at least ${least}` : undefined;
  };
}

export function cpusCheck(text: string): string | undefined {
  const cpus = Number(text);
  const good = /^\d+(\.\d+)?$/.test(text) && cpus >= 0.1 && cpus <= 1024;
  return text === "" || good ? undefined : "set a number of processors such as 1.5, or nothing";
}

export function addressCheck(text: string): string | undefined {
  return isIP(text) === 0 ? "set an IP address of the engine's host, e.g. 127.0.0.1" : undefined;
}

export function dockerHostCheck(text: string): string | undefined {
  return text === "" || /^(unix|npipe|tcp|https?|ssh):\/\/\S+$/.test(text)
    ? undefined
    : "set an engine address such as unix:///var/run/docker.sock, tcp://HOST:PORT or ssh://USER@HOST";
}

export function imageCheck(text: string): string | undefined {
  return /^[a-z0-9][a-z0-9._/:@-]*$/.test(text)
    ? undefined
    : "set an image of Debian trixie, e.g. debian:trixie-slim";
}

export function databaseCheck(text: string): string | undefined {
  if (RESERVED_DATABASES.includes(text)) return "this database is PostgreSQL's own; choose another";
  return identifierFault(text);
}

export function ownerCheck(text: string): string | undefined {
  if (RESERVED_ROLES.includes(text)) return "this role is the program's own; choose another";
  if (text.startsWith("pg_")) return "roles that begin with pg_ are PostgreSQL's own";
  return identifierFault(text);
}

/** Names that need no quotes anywhere; 63 bytes is PostgreSQL's limit. */
function identifierFault(text: string): string | undefined {
  return /^[a-z_][a-z0-9_]{0,62}$/.test(text)
    ? undefined
    : "set a name of lower case letters, digits and _, at most 63, not beginning with a digit";
}

/** Any printable ASCII: what every client, the verifier and URIs read alike (no Unicode normalisation). */
export function passwordCheck(text: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(text)) return "use printable ASCII characters only";
  return text.length < 8 || text.length > 256 ? "use 8 to 256 characters" : undefined;
}

export function extensionCheck(text: string): string | undefined {
  return /^[a-z0-9_][a-z0-9_-]*$/.test(text) ? undefined : "set an extension's name, e.g. pg_trgm";
}

export function libraryCheck(text: string): string | undefined {
  return /^[A-Za-z0-9_][A-Za-z0-9_.$/-]*$/.test(text)
    ? undefined
    : "set a library's name, e.g. auto_explain";
}

/** A file of the project; the content is checked by PostgreSQL itself. */
export function sqlFileCheck(text: string): string | undefined {
  return /^[^\0\r\n]+\.sql$/.test(text) ? undefined : "set the path of a file that ends in .sql";
}

/** Free text that only has to differ: revisions and rotations. */
export function revisionCheck(text: string): string | undefined {
  return /^[\x20-\x7e]{0,128}$/.test(text) ? undefined : "set at most 128 printable characters";
}
