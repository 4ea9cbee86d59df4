import { type ServiceError, credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { dockerPlugin } from "../../plugins/docker/main";
import { startServer } from "../../plugins/lib/server";
import { type Properties, type Value, toStruct } from "../../plugins/lib/values";
import { randomPlugin } from "../../plugins/random/main";

const METHODS = ["Check", "Diff", "Create", "Read", "Update", "Delete"] as const;

/** One recorded call: what the engine asked and what the released plugin answered. */
export interface Call {
  readonly method: (typeof METHODS)[number];
  readonly request: Request;
  readonly response?: Properties;
  readonly errors?: readonly string[];
}

export interface Request {
  readonly urn: string;
  readonly name: string;
  readonly id?: string;
  readonly preview?: boolean;
  readonly randomSeed?: string;
  readonly olds?: Properties;
  readonly oldInputs?: Properties;
  readonly news?: Properties;
  readonly inputs?: Properties;
  readonly properties?: Properties;
}

/** Says whether a line of a recording is a call; values inside are as JSON gives them. */
export function isCall(line: unknown): line is Call {
  if (typeof line !== "object" || line === null || !("method" in line) || !("request" in line)) {
    return false;
  }
  const { method, request } = line;
  return (
    METHODS.some((known) => known === method) &&
    typeof request === "object" &&
    request !== null &&
    "urn" in request &&
    typeof request.urn === "string"
  );
}

/** Both plugins behind their real protocol, asked in the words of the recordings. */
export interface Plugins {
  ask(call: Pick<Call, "method" | "request">): Promise<Properties>;
  /** Connects the docker plugin to an engine; only calls that touch one need it. */
  configure(): Promise<void>;
  close(): void;
}

export async function connect(): Promise<Plugins> {
  const servers = await Promise.all([startServer(dockerPlugin()), startServer(randomPlugin())]);
  const [docker, random] = servers.map(
    ({ port }) =>
      new ResourceProviderClient(`127.0.0.1:${String(port)}`, credentials.createInsecure()),
  );
  if (docker === undefined || random === undefined) throw new Error("a plugin did not start");
  return {
    ask: (call) => ask(call.request.urn.includes("::random:") ? random : docker, call),
    async configure() {
      await answered<proto.ConfigureResponse>((done) =>
        docker.configure(new proto.ConfigureRequest(), done),
      );
    },
    close: () => {
      docker.close();
      random.close();
      for (const server of servers) server.close();
    },
  };
}

async function ask(
  client: ResourceProviderClient,
  { method, request }: Pick<Call, "method" | "request">,
): Promise<Properties> {
  const { urn, id = "", olds = {}, news = {}, properties = {}, preview = false } = request;
  switch (method) {
    case "Check": {
      const question = new proto.CheckRequest()
        .setUrn(urn)
        .setOlds(toStruct(olds))
        .setNews(toStruct(news))
        .setRandomseed(request.randomSeed ?? "");
      const answer = await answered<proto.CheckResponse>((done) => client.check(question, done));
      const failures = answer.getFailuresList().map((failure) => failure.toObject());
      return {
        inputs: plain(answer.getInputs()?.toJavaScript()),
        ...(failures.length === 0 ? {} : { failures: plain(failures) }),
      };
    }
    case "Diff": {
      const question = new proto.DiffRequest()
        .setUrn(urn)
        .setId(id)
        .setOlds(toStruct(olds))
        .setNews(toStruct(news))
        .setOldInputs(toStruct(request.oldInputs ?? {}));
      return difference(await answered<proto.DiffResponse>((done) => client.diff(question, done)));
    }
    case "Create": {
      const question = new proto.CreateRequest()
        .setUrn(urn)
        .setProperties(toStruct(properties))
        .setPreview(preview);
      const answer = await answered<proto.CreateResponse>((done) => client.create(question, done));
      return withId(answer.getId(), { properties: plain(answer.getProperties()?.toJavaScript()) });
    }
    case "Read": {
      const question = new proto.ReadRequest()
        .setUrn(urn)
        .setId(id)
        .setInputs(toStruct(request.inputs ?? {}))
        .setProperties(toStruct(properties));
      const answer = await answered<proto.ReadResponse>((done) => client.read(question, done));
      if (answer.getId() === "") return {};
      return {
        id: answer.getId(),
        inputs: plain(answer.getInputs()?.toJavaScript()),
        properties: plain(answer.getProperties()?.toJavaScript()),
      };
    }
    case "Update": {
      const question = new proto.UpdateRequest()
        .setUrn(urn)
        .setId(id)
        .setOlds(toStruct(olds))
        .setNews(toStruct(news))
        .setPreview(preview);
      const answer = await answered<proto.UpdateResponse>((done) => client.update(question, done));
      return { properties: plain(answer.getProperties()?.toJavaScript()) };
    }
    case "Delete": {
      const question = new proto.DeleteRequest()
        .setUrn(urn)
        .setId(id)
        .setProperties(toStruct(properties));
      await answered((done) => client.delete(question, done));
      return {};
    }
  }
}

/** A difference in the words of the recordings: what is empty or false is left out. */
function difference(answer: proto.DiffResponse): Properties {
  const kinds = Object.entries(proto.PropertyDiff.Kind);
  const detail: Properties = {};
  answer.getDetaileddiffMap().forEach((change, place) => {
    const kind = kinds.find(([, number]) => number === change.getKind())?.[0] ?? "";
    // The recordings leave out the kind with the number 0.
    detail[place] = kind === "ADD" ? {} : { kind };
  });
  const { DIFF_NONE } = proto.DiffResponse.DiffChanges;
  const all: Properties = {
    changes: answer.getChanges() === DIFF_NONE ? "DIFF_NONE" : "DIFF_SOME",
    deleteBeforeReplace: answer.getDeletebeforereplace(),
    detailedDiff: detail,
    diffs: answer.getDiffsList(),
    hasDetailedDiff: answer.getHasdetaileddiff(),
    replaces: answer.getReplacesList(),
    stables: answer.getStablesList(),
  };
  return Object.fromEntries(
    Object.entries(all).filter(
      ([, value]) =>
        value === true ||
        typeof value === "string" ||
        (typeof value === "object" && Object.keys(value ?? {}).length > 0),
    ),
  );
}

function withId(id: string, answer: Properties): Properties {
  return id === "" ? answer : { id, ...answer };
}

/** JSON values, as they come out of the protocol. */
function plain(value: unknown): Value {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return null;
}

function answered<Response>(
  call: (done: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(new Error(error.details));
    });
  });
}
