import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Where a stack's CA certificate lies on this machine, for `sslrootcert` of the connection URIs. In the folder that
 * keeps what the project's commands leave here, ignored by git; SAV3_STATE moves it, as for the commands.
 */
export function caFile(stack: string): string {
  return resolve(process.env["SAV3_STATE"] ?? ".sav3", "ca", `${stack}.crt`);
}

/** Writes the certificate (it is no secret) so that clients find it as soon as `up` is done. */
export function writeCaFile(stack: string, certificate: string): void {
  const file = caFile(stack);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, certificate);
}

/** Where the revocation lists lie, for libpq's PGSSLCRL: beside the certificate. */
export function crlFile(stack: string): string {
  return caFile(stack).replace(/\.crt$/, ".crl");
}

/** Writes the lists; without any there is no file, which libpq takes for nothing to check. */
export function writeCrlFile(stack: string, lists: string): void {
  const file = crlFile(stack);
  if (lists === "") {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lists);
}
