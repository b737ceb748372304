/**
 * Decodes whole messages by a table of their fields: what stands behind `event.message`.
 *
 * The result is plain data: 64-bit numbers are decimal strings, missing text is `""`, missing numbers are 0, missing
 * lists and maps are empty (and frozen), missing messages are left out. Rules of the wire beside those of {@link WireReader}: a
 * message that comes twice in a singular field is merged, other values are replaced; numbers of a list may be packed or
 * not, whatever the schema says; unknown fields are skipped.
 * @module
 */
import { LiveError } from "../errors.ts";
import { NO_BYTES, NO_LIST, NO_MAP, type SchemaRow } from "./message_defaults.ts";
import { WireReader } from "./reader.ts";

/** Deepest nesting of messages: that of protobuf's own libraries. TikTok's go about ten deep. */
const MAX_DEPTH = 100;

type Message = Record<string, unknown>;

/** Kinds of values; `gen/schema.ts` says what they stand for. */
type Kind = "s" | "y" | "b" | "i" | "n" | "l" | "u" | "m";

interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** Wire type of one value. */
  readonly wire: 0 | 2;
  readonly rule: "one" | "many" | "map";
  /** Place of the message, -1 for other kinds. */
  readonly place: number;
  /** Kind of a map's keys. */
  readonly key: Kind;
}

interface MessageType {
  /** Fields by number. */
  readonly fields: readonly (Field | undefined)[];
  /** Makes a message without any field. */
  readonly create: () => Message;
}

/** A schema, read message by message when one is first needed. */
export class MessageTable {
  readonly #rows: readonly SchemaRow[];
  readonly #types: (MessageType | undefined)[] = [];

  /** @param rows the messages in the format of `gen/schema.ts` */
  constructor(rows: readonly SchemaRow[]) {
    this.#rows = rows;
  }

  /**
   * Decodes one message.
   * @param place its place in the table
   * @param bytes a plain `Uint8Array`: values of kind bytes are views of its memory
   * @throws {LiveError} `protocol` when the bytes are not a message, or one nested too deep
   */
  decode(place: number, bytes: Uint8Array): Message {
    const type = this.#type(place);
    const message = type.create();
    this.#read(new WireReader(bytes), type, message, 0);
    return message;
  }

  #type(place: number): MessageType {
    const known = this.#types[place];
    if (known !== undefined) return known;
    const row = this.#rows[place];
    if (row === undefined) throw new RangeError(`Cannot find the message ${place}: the table ends before it`);
    const type = parseType(row);
    this.#types[place] = type;
    return type;
  }

  #read(reader: WireReader, type: MessageType, message: Message, depth: number): void {
    if (depth > MAX_DEPTH) throw new LiveError("protocol", "Cannot read the message: it is nested too deep");
    const { fields } = type;
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      const field = fields[tag >>> 3];
      if (field === undefined) reader.skip(tag);
      else if ((tag & 7) === field.wire) {
        const { name, rule, kind } = field;
        if (rule === "many") ownList(message, name).push(this.#value(reader, field, depth, undefined));
        else if (rule === "map") this.#entry(reader, field, ownMap(message, name), depth);
        else if (kind !== "m") message[name] = readScalar(reader, kind);
        else message[name] = this.#value(reader, field, depth, message[name]);
      } else if ((tag & 7) === 2 && field.rule === "many") {
        const list = ownList(message, field.name);
        const outer = reader.enter();
        while (reader.pos < reader.end) list.push(this.#value(reader, field, depth, undefined));
        reader.leave(outer);
      } else reader.skip(tag);
    }
  }

  /** @param before the message that stands in the field, which the new one is merged into */
  #value(reader: WireReader, field: Field, depth: number, before: unknown): unknown {
    if (field.kind !== "m") return readScalar(reader, field.kind);
    const type = this.#type(field.place);
    const message = before === undefined ? type.create() : before as Message;
    const outer = reader.enter();
    this.#read(reader, type, message, depth + 1);
    reader.leave(outer);
    return message;
  }

  /** Reads a map's entry {1 key, 2 value}. */
  #entry(reader: WireReader, field: Field, map: Message, depth: number): void {
    let key: unknown = emptyScalar(field.key);
    let value: unknown;
    const keyTag = 1 << 3 | wireOf(field.key);
    const valueTag = 2 << 3 | wireOf(field.kind);
    const outer = reader.enter();
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === keyTag) key = readScalar(reader, field.key);
      else if (tag === valueTag) value = this.#value(reader, field, depth, value);
      else reader.skip(tag);
    }
    reader.leave(outer);
    value ??= field.kind === "m" ? this.#type(field.place).create() : emptyScalar(field.kind);
    // A key may be any text: an assignment to `__proto__` would not make an entry.
    Object.defineProperty(map, String(key), { value, writable: true, enumerable: true, configurable: true });
  }
}

/** The list in a field, which is one of the message's own from now on. */
function ownList(message: Message, name: string): unknown[] {
  const list = message[name] as unknown[];
  if (list !== NO_LIST) return list;
  const own: unknown[] = [];
  message[name] = own;
  return own;
}

/** The map in a field, which is one of the message's own from now on. */
function ownMap(message: Message, name: string): Message {
  const map = message[name] as Message;
  if (map !== NO_MAP) return map;
  const own: Message = {};
  message[name] = own;
  return own;
}

function readScalar(reader: WireReader, kind: Kind): unknown {
  switch (kind) {
    case "s":
      return reader.string();
    case "u":
      return reader.id();
    case "l":
      return reader.signedId();
    case "i":
      return reader.int32();
    case "b":
      return reader.bool();
    case "n":
      return reader.uint32();
    default:
      return reader.view();
  }
}

/** What stands for a value that is not there. */
function emptyScalar(kind: Kind): unknown {
  switch (kind) {
    case "s":
      return "";
    case "u":
    case "l":
      return "0";
    case "b":
      return false;
    case "y":
      return NO_BYTES;
    default:
      return 0;
  }
}

function wireOf(kind: Kind): 0 | 2 {
  return kind === "s" || kind === "y" || kind === "m" ? 2 : 0;
}

const FIELD = /^([a-zA-Z])(\d*)(\w*)(?::([a-z]*)(\d*))?$/;

function parseType([codes, create]: SchemaRow): MessageType {
  const fields: (Field | undefined)[] = [];
  const names = Object.keys(create());
  let number = 0;
  for (const code of codes === "" ? [] : codes.split(" ")) {
    const [, letter = "", digits = "", ownName = "", kinds = "", place = ""] = FIELD.exec(code) ?? [];
    number = digits === "" ? number + 1 : Number(digits);
    const rule = letter === "x" ? "map" : letter === letter.toLowerCase() ? "one" : "many";
    const kind = (rule === "map" ? kinds.charAt(1) : letter.toLowerCase()) as Kind;
    const key = kinds.charAt(0) as Kind;
    const name = ownName || names.shift() || "";
    while (fields.length < number) fields.push(undefined);
    const wire = rule === "map" ? 2 : wireOf(kind);
    fields.push({ name, kind, wire, rule, place: place === "" ? -1 : Number(place), key });
  }
  return { fields, create };
}
