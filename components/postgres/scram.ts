import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** PostgreSQL's own default; login costs one such derivation on each side. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;

/**
 * Salt for one role of one cluster. Derived, not drawn: the same password then gives the same verifier at every
 * `up`, so that nothing changes when nothing changed. Different roles and clusters still get different salts, and
 * the salt says nothing about the password that the verifier beside it does not say already.
 */
export function scramSalt(password: string, role: string, cluster: string): Buffer {
  return createHmac("sha256", password)
    .update(`sav3 scram salt\0${cluster}\0${role}`)
    .digest()
    .subarray(0, SALT_BYTES);
}

/**
 * What PostgreSQL stores for a password (RFC 5803): it proves a login, but cannot be used for one.
 * `ALTER ROLE ... PASSWORD '<verifier>'` takes it as it is, so the password never travels or gets logged.
 * Passwords here are printable ASCII, for which SASLprep changes nothing.
 */
export function scramVerifier(password: string, salt: Buffer, iterations = ITERATIONS): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
