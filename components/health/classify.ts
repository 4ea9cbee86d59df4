import type { Failure } from "./types";

/** Sorts an error of a connection attempt by what it says about the other side. */
export function classifyError(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error);
  const code =
    typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  if (code === "57P03") {
    return { kind: "starting", text };
  }
  if (code === "28P01" || code === "28000") {
    return { kind: "authentication", text };
  }
  if (
    /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME|ALERT_UNKNOWN_CA/.test(code) ||
    /certificate/i.test(text)
  ) {
    return { kind: "certificate", text };
  }
  if (
    /^(ERR_SSL|EPROTO)/.test(code) ||
    /SSL connection|unknown message|invalid message/i.test(text)
  ) {
    return { kind: "protocol", text };
  }
  if (/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN/.test(code)) {
    return { kind: "refused", text: text || code };
  }
  if (code === "ETIMEDOUT" || /timeout/i.test(text)) {
    return { kind: "timeout", text };
  }
  if (/ECONNRESET|EPIPE/.test(code) || /terminated|socket hang up|disconnected/i.test(text)) {
    return { kind: "dropped", text };
  }
  return { kind: "other", text };
}

/** Why a standby does not stream, as its own log tells. */
export interface LogCause {
  code:
    | "replication-password"
    | "replication-refused"
    | "slot-lost"
    | "slot-missing"
    | "other-cluster"
    | "timeline-old"
    | "primary-unreachable";
  line: string;
}

const patterns: readonly [LogCause["code"], RegExp][] = [
  ["replication-password", /password authentication failed for user "?replicator/],
  [
    "replication-refused",
    /certificate verify failed|does not match host name|no pg_hba.conf entry|pg_hba.conf rejects|certificate authentication failed|SSL error/,
  ],
  ["slot-missing", /replication slot "[^"]*" does not exist/],
  [
    "slot-lost",
    /has already been removed|can no longer (get changes from|access) replication slot/,
  ],
  ["other-cluster", /database system identifier differs/],
  [
    "timeline-old",
    /forked off current database system timeline|highest timeline \d+ of the primary is behind/,
  ],
  [
    "primary-unreachable",
    /could not translate host name|could not connect|Connection refused|timeout expired|No route to host/,
  ],
];

/** The newest reason in a log, unless the standby got further after it. */
export function causeInLog(lines: readonly string[]): LogCause | undefined {
  for (const line of [...lines].reverse()) {
    if (/started streaming WAL|starting PostgreSQL|sav3: seed(ing|ed)\b(?! failed)/.test(line)) {
      return undefined;
    }
    const found = patterns.find(([, pattern]) => pattern.test(line));
    if (found) {
      return { code: found[0], line: line.trim() };
    }
  }
  return undefined;
}

/** The line by which an entrypoint says why it does not start; empty when it did not refuse, or not since then. */
export function refusalInLog(lines: readonly string[]): string {
  const line = [...lines]
    .reverse()
    .find((candidate) => /sav3: refused:|starting PostgreSQL/.test(candidate));
  return line?.includes("sav3: refused:") ? line.trim() : "";
}
