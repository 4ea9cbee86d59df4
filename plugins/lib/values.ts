import {
  ListValue,
  Struct,
  Value as ProtoValue,
  NullValue,
} from "google-protobuf/google/protobuf/struct_pb";

/** A property value as the engine sends it and as the plugins answer it. */
export type Value = null | boolean | number | string | Value[] | Properties;

/** Named property values: the inputs or the state of one resource. */
export interface Properties {
  [name: string]: Value;
}

/** What stands for a value that is not known before the update. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The SDKs write the kind of an unknown value into its marker; here one marker is enough. */
const UNKNOWN_MARKERS = new Set([
  UNKNOWN,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** A scalar as text, anything else as the empty text. */
export function asText(value: Value | undefined): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "";
}

/** The text, undefined when there is none. */
export function given(value: Value | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The nested blocks of a list or set. */
export function blocks(value: Value | undefined): Properties[] {
  return Array.isArray(value) ? value.filter((item) => isProperties(item)) : [];
}

/** True for an object with named values, false for a list, a scalar and null. */
export function isProperties(value: Value | undefined): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when the value, or anything inside it, is not known yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isProperties(value) && Object.values(value).some(hasUnknown);
}

/** Marks a value as secret, so that the engine encrypts it in its state. */
export function secret(value: Value): Value {
  return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value };
}

/** The value with every secret marker taken off, at any depth. */
export function withoutSecrets(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isProperties(value)) return value;
  if (value[SIGNATURE_KEY] === SECRET_SIGNATURE) return withoutSecrets(value["value"] ?? null);
  return mapValues(value, withoutSecrets);
}

/** A copy with every value changed by `change`. */
export function mapValues(
  properties: Properties,
  change: (value: Value, name: string) => Value,
): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, change(value, name)]),
  );
}

/** Equality by content, whatever the order of the names in objects. */
export function sameValue(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => sameValue(item, right[i]));
  }
  if (!isProperties(left) || !isProperties(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => name in right && sameValue(left[name], right[name]))
  );
}

/** Reads a message of the protocol; absent reads as empty. Secrets lose their marker. */
export function fromStruct(struct: Struct | undefined): Properties {
  const properties: Properties = {};
  struct?.getFieldsMap().forEach((value, name) => {
    properties[name] = withoutSecrets(fromProto(value));
  });
  return properties;
}

/** Writes a message of the protocol. */
export function toStruct(properties: Properties): Struct {
  const struct = new Struct();
  const fields = struct.getFieldsMap();
  for (const [name, value] of Object.entries(properties)) fields.set(name, toProto(value));
  return struct;
}

function fromProto(value: ProtoValue): Value {
  switch (value.getKindCase()) {
    case ProtoValue.KindCase.BOOL_VALUE:
      return value.getBoolValue();
    case ProtoValue.KindCase.NUMBER_VALUE:
      return value.getNumberValue();
    case ProtoValue.KindCase.STRING_VALUE: {
      const text = value.getStringValue();
      return UNKNOWN_MARKERS.has(text) ? UNKNOWN : text;
    }
    case ProtoValue.KindCase.LIST_VALUE:
      return (value.getListValue()?.getValuesList() ?? []).map(fromProto);
    case ProtoValue.KindCase.STRUCT_VALUE: {
      const object: Properties = {};
      value
        .getStructValue()
        ?.getFieldsMap()
        .forEach((item, name) => {
          object[name] = fromProto(item);
        });
      return object;
    }
    default:
      return null;
  }
}

function toProto(value: Value): ProtoValue {
  const proto = new ProtoValue();
  if (value === null) proto.setNullValue(NullValue.NULL_VALUE);
  else if (typeof value === "boolean") proto.setBoolValue(value);
  else if (typeof value === "number") proto.setNumberValue(value);
  else if (typeof value === "string") proto.setStringValue(value);
  else if (Array.isArray(value))
    proto.setListValue(new ListValue().setValuesList(value.map(toProto)));
  else proto.setStructValue(toStruct(value));
  return proto;
}
