import type { Failure } from "./check";
import type { Difference } from "./diff";
import type { Properties } from "./values";

/** Tells the user something while a resource is worked on. */
export interface Log {
  /** A line that stays in the output. */
  (severity: "info" | "warning", message: string): void;
  /** A line beside the resource, replaced by the next one. */
  readonly status: (message: string) => void;
}

/** Which resource a call is about. */
export interface Subject {
  readonly urn: string;
  /** The resource's name in the program. */
  readonly name: string;
}

export interface CheckRequest extends Subject {
  readonly olds: Properties;
  readonly news: Properties;
  /** Where random parts of the inputs come from. */
  readonly seed: Uint8Array;
  /** The name that the project's naming rules ask for, if any. */
  readonly proposedName: string | undefined;
  readonly log: Log;
}

export interface CheckAnswer {
  readonly inputs: Properties;
  readonly failures: Failure[];
}

export interface DiffRequest extends Subject {
  readonly id: string;
  readonly olds: Properties;
  readonly news: Properties;
  readonly ignoreChanges: readonly string[];
}

export interface CreateRequest extends Subject {
  readonly inputs: Properties;
  readonly preview: boolean;
  readonly log: Log;
}

export interface Created {
  /** Empty in a preview. */
  readonly id: string;
  readonly properties: Properties;
}

export interface ReadRequest extends Subject {
  readonly id: string;
  readonly inputs: Properties;
  /** The state so far; empty when the resource is imported. */
  readonly properties: Properties;
}

export interface Found extends Created {
  readonly inputs: Properties;
}

export interface UpdateRequest extends CreateRequest {
  readonly id: string;
  readonly olds: Properties;
}

export interface DeleteRequest extends Subject {
  readonly id: string;
  readonly properties: Properties;
}

/** One type of resource: what the engine may ask of it. */
export interface ResourceType {
  check(request: CheckRequest): CheckAnswer | Promise<CheckAnswer>;
  diff(request: DiffRequest): Difference;
  create(request: CreateRequest): Promise<Created>;
  /** Undefined when the resource is gone. */
  read(request: ReadRequest): Promise<Found | undefined>;
  update(request: UpdateRequest): Promise<Properties>;
  delete(request: DeleteRequest): Promise<void>;
}

/** A plugin: its resource types by token, and what it makes of its configuration. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, ResourceType>>;
  checkConfig(config: Properties): CheckAnswer;
  configure(config: Properties): Promise<void>;
}
