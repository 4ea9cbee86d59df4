import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Says something in the CLI's display from inside a dynamic provider, whose `pulumi.log` has no engine. */
export interface EngineLog {
  /** Shown beside the resource while it is being worked on, then gone. */
  progress(text: string): void;
  /** Kept in the diagnostics at the end. */
  info(text: string): Promise<void>;
  /** Kept in the diagnostics at the end, as a warning. */
  warn(text: string): Promise<void>;
  close(): void;
}

/**
 * @param urn the resource that the text belongs to; empty for the stack
 * @param address the CLI's own address, which it gives its plugins as their first argument
 */
export function openEngineLog(urn: string, address = process.argv[2] ?? ""): EngineLog {
  const say = (text: string): Promise<void> => {
    console.log(text);
    return Promise.resolve();
  };
  if (!/:\d+$/.test(address)) {
    return {
      progress: () => undefined,
      info: say,
      warn: say,
      close: () => undefined,
    };
  }
  const client = new EngineClient(address, credentials.createInsecure());
  let last = "";
  const send = (text: string, severity: LogSeverity, ephemeral: boolean) =>
    new Promise<void>((resolve) => {
      const request = new LogRequest();
      request.setSeverity(severity);
      request.setMessage(text);
      request.setUrn(urn);
      request.setEphemeral(ephemeral);
      // Nothing depends on a line being shown.
      client.log(request, () => {
        resolve();
      });
    });
  return {
    progress(text) {
      if (text !== last) {
        last = text;
        void send(text, LogSeverity.INFO, true);
      }
    },
    info: (text) => send(text, LogSeverity.INFO, false),
    warn: (text) => send(text, LogSeverity.WARNING, false),
    close() {
      client.close();
    },
  };
}
