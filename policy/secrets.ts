import { list, record, text } from "./resource";

const SECRET_NAME = /PASS|SECRET|TOKEN|PRIVATE|CREDENTIAL|(^|[_.-])KEY($|[_.-])/i;
const SECRET_VALUE = /-----BEGIN [A-Z ]*PRIVATE KEY-----|SCRAM-SHA-256\$|:\/\/[^/\s:]*:[^@\s]+@/;
const ASSIGNMENT = /([\w.-]+)\s*=\s*[^\s&;]/g;

/** True for a private key, a verifier, a URI with a password, and `…PASSWORD=…` anywhere in a text. */
function looksSecret(value: string): boolean {
  return (
    SECRET_VALUE.test(value) ||
    [...value.matchAll(ASSIGNMENT)].some(([, name = ""]) => SECRET_NAME.test(name))
  );
}

/** Where a container's inputs hold what looks like a secret; the secret itself is not repeated. */
export function exposedSecrets(props: Readonly<Record<string, unknown>>): string[] {
  const words = ["command", "entrypoints"].flatMap((key) =>
    list(props[key])
      .filter((word) => looksSecret(text(word)))
      .map(() => key),
  );
  const tests = list(record(props["healthcheck"])["tests"]).filter((word) =>
    looksSecret(text(word)),
  );
  const labels = list(props["labels"])
    .map(record)
    .filter(({ label, value }) => SECRET_NAME.test(text(label)) || looksSecret(text(value)))
    .map(({ label }) => `label ${text(label)}`);
  const uploads = list(props["uploads"])
    .map(record)
    .filter(({ content, contentBase64 }) =>
      [text(content), Buffer.from(text(contentBase64), "base64").toString()].some(looksSecret),
    )
    .map(({ file }) => `uploaded file ${text(file)}`);
  const variables = list(props["envs"])
    .map((entry) => text(entry).split("="))
    .filter(([name = "", ...value]) => SECRET_NAME.test(name) || looksSecret(value.join("=")))
    .map(([name = ""]) => `environment variable ${name}`);
  return [...variables, ...words, ...tests.map(() => "healthcheck"), ...labels, ...uploads];
}
