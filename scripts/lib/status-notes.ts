import { X509Certificate } from "node:crypto";
import type { StackSecrets } from "./rotation/secrets";

/** What `npm run status` says about certificates: the first end of a server's, and a change-over under way. */
export function certificateNotes({ certificates, authority }: StackSecrets, now: Date): string[] {
  const ends = Object.entries(certificates).flatMap(([owner, { certificate }]) =>
    /^pg-\d+$/.test(owner) ? [Date.parse(new X509Certificate(certificate).validTo)] : [],
  );
  const first = Math.min(...ends);
  const days = Math.floor((first - now.getTime()) / 86_400_000);
  return [
    ...(ends.length === 0
      ? []
      : [
          `server certificates: the first ends on ${new Date(first).toISOString().slice(0, 10)} (${days} days)`,
        ]),
    ...(authority.previous === ""
      ? []
      : [
          "two certificate authorities are trusted; when clients have the new CA certificate: npm run rotate -- authority --finish",
        ]),
  ];
}
