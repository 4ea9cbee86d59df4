import {
  type ServerUnaryCall,
  Server,
  ServerCredentials,
  credentials,
  status,
} from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Difference } from "./diff";
import type { CheckAnswer, Log, Plugin, ResourceType } from "./resource";
import { fromStruct, sameValue, toStruct } from "./values";

/** Messages carry whole states; the default limit of 4 MB is too small for some. */
const LIMITS = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/**
 * Serves the plugin on a free port of the loopback address and prints that port, which is how the
 * Pulumi CLI finds it. The CLI gives the address of its engine as the first argument.
 */
export async function serve(plugin: Plugin, engineAddress: string | undefined): Promise<void> {
  const { port } = await startServer(plugin, engineAddress);
  process.stdout.write(`${String(port)}\n`);
  endWithParent();
}

/** The same without the process around it; the tests talk to this. */
export async function startServer(
  plugin: Plugin,
  engineAddress?: string,
): Promise<{ port: number; close: () => void }> {
  const engine =
    engineAddress === undefined
      ? undefined
      : new EngineClient(engineAddress, credentials.createInsecure(), LIMITS);
  const server = new Server(LIMITS);
  server.addService(ResourceProviderService, methods(plugin, engine));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    close: () => {
      server.forceShutdown();
      engine?.close();
    },
  };
}

type Answer<Response> = (
  error: { code: status; details: string } | null,
  response?: Response,
) => void;
type Method<Request, Response> = (
  call: ServerUnaryCall<Request, Response>,
  answer: Answer<Response>,
) => void;

/** A call answered by a function; an exception becomes the error the user reads. */
function method<Request, Response>(
  work: (request: Request) => Response | Promise<Response>,
): Method<Request, Response> {
  return (call, answer) => {
    Promise.resolve()
      .then(() => work(call.request))
      .then((response) => {
        answer(null, response);
      })
      .catch((error: unknown) => {
        const details = error instanceof Error ? error.message : String(error);
        answer({ code: status.UNKNOWN, details });
      });
  };
}

function methods(plugin: Plugin, engine: EngineClient | undefined) {
  const typeOf = (urn: string): ResourceType => {
    const token = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const resource = plugin.resources[token];
    if (resource !== undefined) return resource;
    throw new Error(`"${token}" is not supported by this ${plugin.name} plugin`);
  };
  const subject = (request: { getUrn(): string }): { urn: string; name: string } => ({
    urn: request.getUrn(),
    name: request.getUrn().split("::").slice(3).join("::"),
  });
  const logFor = (urn: string): Log => makeLog(engine, urn);

  return {
    getPluginInfo: method<Empty, PluginInfo>(() => new PluginInfo().setVersion(plugin.version)),
    getSchema: method<proto.GetSchemaRequest, proto.GetSchemaResponse>(() =>
      new proto.GetSchemaResponse().setSchema(
        JSON.stringify({ name: plugin.name, version: plugin.version }),
      ),
    ),
    checkConfig: method<proto.CheckRequest, proto.CheckResponse>((request) =>
      checkResponse(plugin.checkConfig(fromStruct(request.getNews()))),
    ),
    diffConfig: method<proto.DiffRequest, proto.DiffResponse>((request) => {
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const diffs = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
        (name) => name !== "version" && !sameValue(olds[name], news[name]),
      );
      const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
      return new proto.DiffResponse()
        .setChanges(diffs.length === 0 ? DIFF_NONE : DIFF_SOME)
        .setDiffsList(diffs.sort());
    }),
    configure: method<proto.ConfigureRequest, proto.ConfigureResponse>(async (request) => {
      await plugin.configure(fromStruct(request.getArgs()));
      return new proto.ConfigureResponse()
        .setSupportspreview(true)
        .setSupportsAutonamingConfiguration(true);
    }),
    check: method<proto.CheckRequest, proto.CheckResponse>(async (request) =>
      checkResponse(
        await typeOf(request.getUrn()).check({
          ...subject(request),
          olds: fromStruct(request.getOlds()),
          news: fromStruct(request.getNews()),
          seed: request.getRandomseed_asU8(),
          proposedName: request.getAutonaming()?.getProposedName(),
          log: logFor(request.getUrn()),
        }),
      ),
    ),
    diff: method<proto.DiffRequest, proto.DiffResponse>((request) =>
      diffResponse(
        typeOf(request.getUrn()).diff({
          ...subject(request),
          id: request.getId(),
          olds: fromStruct(request.getOlds()),
          news: fromStruct(request.getNews()),
          ignoreChanges: request.getIgnorechangesList(),
        }),
      ),
    ),
    create: method<proto.CreateRequest, proto.CreateResponse>(async (request) => {
      const created = await typeOf(request.getUrn()).create({
        ...subject(request),
        inputs: fromStruct(request.getProperties()),
        preview: request.getPreview(),
        log: logFor(request.getUrn()),
      });
      return new proto.CreateResponse()
        .setId(created.id)
        .setProperties(toStruct(created.properties));
    }),
    read: method<proto.ReadRequest, proto.ReadResponse>(async (request) => {
      const found = await typeOf(request.getUrn()).read({
        ...subject(request),
        id: request.getId(),
        inputs: fromStruct(request.getInputs()),
        properties: fromStruct(request.getProperties()),
      });
      if (found === undefined) return new proto.ReadResponse();
      return new proto.ReadResponse()
        .setId(found.id)
        .setInputs(toStruct(found.inputs))
        .setProperties(toStruct(found.properties));
    }),
    update: method<proto.UpdateRequest, proto.UpdateResponse>(async (request) => {
      const properties = await typeOf(request.getUrn()).update({
        ...subject(request),
        id: request.getId(),
        olds: fromStruct(request.getOlds()),
        inputs: fromStruct(request.getNews()),
        preview: request.getPreview(),
        log: logFor(request.getUrn()),
      });
      return new proto.UpdateResponse().setProperties(toStruct(properties));
    }),
    delete: method<proto.DeleteRequest, Empty>(async (request) => {
      await typeOf(request.getUrn()).delete({
        ...subject(request),
        id: request.getId(),
        properties: fromStruct(request.getProperties()),
      });
      return new Empty();
    }),
    cancel: method<Empty, Empty>(() => new Empty()),
    invoke: method<proto.InvokeRequest, proto.InvokeResponse>((request) => {
      throw new Error(`"${request.getTok()}" is not supported by this ${plugin.name} plugin`);
    }),
  };
}

function checkResponse({ inputs, failures }: CheckAnswer): proto.CheckResponse {
  return new proto.CheckResponse()
    .setInputs(toStruct(inputs))
    .setFailuresList(
      failures.map(({ property, reason }) =>
        new proto.CheckFailure().setProperty(property).setReason(reason),
      ),
    );
}

function diffResponse(difference: Difference): proto.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse()
    .setChanges(difference.changed ? DIFF_SOME : DIFF_NONE)
    .setReplacesList(difference.replaces)
    .setStablesList(difference.stables)
    .setDiffsList(difference.diffs)
    .setDeletebeforereplace(difference.deleteBeforeReplace)
    .setHasdetaileddiff(difference.detail !== undefined);
  const detail = response.getDetaileddiffMap();
  for (const [path, change] of Object.entries(difference.detail ?? {})) {
    detail.set(path, new proto.PropertyDiff().setKind(proto.PropertyDiff.Kind[change]));
  }
  return response;
}

/** Lines go to the engine one after another, so that they arrive in the order they were said in. */
function makeLog(engine: EngineClient | undefined, urn: string): Log {
  let last = Promise.resolve();
  const send = (severity: LogSeverity, message: string, ephemeral: boolean): void => {
    const request = new LogRequest()
      .setSeverity(severity)
      .setMessage(message)
      .setUrn(urn)
      .setEphemeral(ephemeral);
    // A line that cannot be shown is no reason to fail.
    last = last.then(
      () =>
        new Promise((resolve) => {
          if (engine === undefined) resolve();
          else
            engine.log(request, () => {
              resolve();
            });
        }),
    );
  };
  return Object.assign(
    (severity: "info" | "warning", message: string) => {
      send(severity === "info" ? LogSeverity.INFO : LogSeverity.WARNING, message, false);
    },
    {
      status: (message: string) => {
        send(LogSeverity.INFO, message, true);
      },
    },
  );
}

/** A CLI that was killed leaves its plugins behind; they end by themselves. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, 2000).unref();
}
