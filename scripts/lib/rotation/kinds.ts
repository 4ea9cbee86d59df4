import type { PasswordRole } from "./secrets";

/** What `npm run rotate` can exchange. */
export const ROTATIONS = [
  "postgres-password",
  "replication-password",
  "app-password",
  "gate-password",
  "pooler-password",
  "authority",
  "certificates",
] as const;
export type Rotation = (typeof ROTATIONS)[number];

export function isRotation(word: string | undefined): word is Rotation {
  return ROTATIONS.some((rotation) => rotation === word);
}

/** Key below `rotation` in the stack's configuration. */
export function configKey(rotation: Rotation): string {
  return rotation.replace(/-p/, "P");
}

/** A password's role in the state, and the key under which a user may have given one. */
export function passwordOf(
  rotation: Rotation,
): { readonly role: PasswordRole; readonly given: string | undefined } | undefined {
  switch (rotation) {
    case "postgres-password":
      return { role: "postgres", given: "credentials.postgresPassword" };
    case "replication-password":
      return { role: "replicator", given: "credentials.replicationPassword" };
    case "app-password":
      return { role: "owner", given: "credentials.appPassword" };
    case "gate-password":
      return { role: "gate", given: undefined };
    case "pooler-password":
      return { role: "pooler", given: undefined };
    case "authority":
    case "certificates":
      return undefined;
  }
}
