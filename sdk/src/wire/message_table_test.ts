import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import process from "node:process";
import protobuf from "protobufjs";
import { isLiveError } from "../errors.ts";
import { methods, schema } from "../gen/schema.ts";
import { WireWriter } from "./writer.ts";
import { NO_BYTES, NO_LIST, NO_MAP } from "./message_defaults.ts";
import { MessageTable } from "./message_table.ts";

const PROTO = new URL("../../../proto/", import.meta.url);
const CAPTURES = new URL("../../../../shared/captures/messages.ndjson", import.meta.url);
const table = new MessageTable(schema);

/** Wire methods that carry a message of another name. */
const ALIASES: Readonly<Record<string, string>> = {
  LinkMicMethod: "WebcastLinkMicMethod",
  RoomMessage: "WebcastRoomMessage",
  RoomVerifyMessage: "WebcastRoomVerifyMessage",
};

/** The schema as protobufjs reads it, the second opinion of these tests. */
function loadSchema(): protobuf.Root {
  const root = new protobuf.Root();
  for (const name of readdirSync(PROTO).filter((name) => name.endsWith(".proto"))) {
    protobuf.parse(readFileSync(new URL(name, PROTO), "utf8"), root, { keepCase: false });
  }
  root.resolveAll();
  return root;
}

const root = loadSchema();
const methodTypes: [method: string, place: number, type: protobuf.Type][] = Object.entries(methods).map((
  [method, place],
) => [method, place, root.lookupType(`roomtone.webcast.${method in ALIASES ? ALIASES[method] : method}`)]);

/** What protobufjs decoded in the shape that the table decoder gives. */
function plainMessage(type: protobuf.Type, message: object): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  const values = message as Record<string, unknown>;
  for (const field of type.fieldsArray) {
    const value = values[field.name];
    if (field instanceof protobuf.MapField) {
      // protobufjs keeps 64-bit keys as eight characters, one for each byte; a missing one is a plain 0.
      const wide = field.keyType.endsWith("64");
      const unsigned = field.keyType === "uint64";
      plain[field.name] = Object.fromEntries(
        Object.entries(value as object).map(([key, item]) => [
          wide && key.length === 8 ? protobuf.util.LongBits.fromHash(key).toLong(unsigned).toString() : key,
          plainValue(field, item),
        ]),
      );
    } else if (field.repeated) plain[field.name] = (value as unknown[]).map((item) => plainValue(field, item));
    else if (value !== null && value !== undefined) plain[field.name] = plainValue(field, value);
  }
  return plain;
}

function plainValue(field: protobuf.Field, value: unknown): unknown {
  if (field.resolvedType instanceof protobuf.Type) return plainMessage(field.resolvedType, value as object);
  if (field.type === "bytes") return new Uint8Array(value as Uint8Array);
  return field.type.endsWith("64") ? String(value) : value;
}

/** Both decoders on the same bytes: the same message, or an error from both. */
function assertAgree(place: number, type: protobuf.Type, encoded: Uint8Array): void {
  const bytes = new Uint8Array(encoded); // protobufjs gives a Buffer
  let expected: Record<string, unknown> | undefined;
  try {
    expected = plainMessage(type, type.decode(bytes));
  } catch (error) {
    assert(error instanceof Error);
  }
  if (expected === undefined) {
    assert(isLiveError(assertThrows(() => table.decode(place, bytes))), "the table decoder throws a LiveError");
  } else assertEquals(table.decode(place, bytes), expected);
}

const anyType = fc.constantFrom(...methodTypes);

/** A value for a field in protobufjs' JSON shape; messages are cut off at some depth. */
function fieldValue(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return messageValue(resolvedType, depth - 1);
  if (resolvedType instanceof protobuf.Enum) return fc.integer();
  switch (field.type) {
    case "string":
      return fc.string({ unit: "binary", maxLength: 12 });
    case "bytes":
      return fc.uint8Array({ maxLength: 8 });
    case "bool":
      return fc.boolean();
    case "int64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
    case "uint64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
    case "uint32":
      return fc.nat(0xffffffff);
    default:
      return fc.integer();
  }
}

function mapKey(type: string): fc.Arbitrary<string> {
  return type === "string" ? fc.string({ unit: "binary", maxLength: 6 }) : fc.nat().map(String);
}

/** A message with up to six of its fields. */
function messageValue(type: protobuf.Type, depth: number): fc.Arbitrary<object> {
  const fields = type.fieldsArray.filter((field) => depth > 0 || !(field.resolvedType instanceof protobuf.Type));
  return fc.subarray(fields, { maxLength: Math.min(6, fields.length) }).chain((chosen) => {
    const shape: Record<string, fc.Arbitrary<unknown>> = {};
    for (const field of chosen) {
      const value = fieldValue(field, depth);
      shape[field.name] = field instanceof protobuf.MapField
        ? fc.dictionary(mapKey(field.keyType), value, { maxKeys: 2 })
        : field.repeated
        ? fc.array(value, { maxLength: 3 })
        : value;
    }
    return fc.record(shape);
  });
}

/** Fields of any number and wire type, with values that often fit and often do not. */
const looseFields = fc.array(
  fc.record({
    field: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1100 })),
    value: fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.nat(200).map(BigInt),
      fc.string({ maxLength: 8 }),
      fc.array(fc.nat(127), { maxLength: 6 }).map((bytes) => new Uint8Array(bytes)),
    ),
  }),
  { maxLength: 12 },
);

describe("MessageTable", () => {
  it("decodes every capture as protobufjs does", (context) => {
    if (!existsSync(CAPTURES)) {
      if (process.env["CI"] === "true") throw new Error("the captures are missing");
      return context.skip("SKIPPED: ../shared/captures is not there");
    }
    let compared = 0;
    for (const line of readFileSync(CAPTURES, "utf8").trim().split("\n")) {
      const { method, payload } = JSON.parse(line) as { method: string; payload: string };
      const row = methodTypes.find(([name]) => name === method);
      if (row === undefined) continue;
      const bytes = new Uint8Array(Buffer.from(payload, "base64"));
      assertEquals(table.decode(row[1], bytes), plainMessage(row[2], row[2].decode(bytes)));
      compared++;
    }
    assert(compared > 500, `${compared} captures were compared`);
  });

  it("decodes random messages as protobufjs does", () => {
    const messages = anyType.chain(([, place, type]) => messageValue(type, 4).map((value) => ({ place, type, value })));
    fc.assert(
      fc.property(messages, ({ place, type, value }) => {
        assertAgree(place, type, type.encode(type.fromObject(value)).finish());
      }),
      { numRuns: 400 },
    );
  });

  it("treats fields of any number and wire type as protobufjs does", () => {
    fc.assert(
      fc.property(anyType, looseFields, ([, place, type], fields) => {
        const writer = new WireWriter();
        for (const { field, value } of fields) {
          if (typeof value === "bigint") writer.varint(field, value);
          else if (typeof value === "string") writer.string(field, value);
          else writer.bytes(field, value);
        }
        assertAgree(place, type, writer.finish());
      }),
      { numRuns: 1000 },
    );
  });

  it("decodes a message that is cut off as protobufjs does", () => {
    const cut = anyType.chain(([, place, type]) =>
      fc.tuple(messageValue(type, 3), fc.double({ min: 0, max: 1, noNaN: true })).map(([value, part]) => {
        const bytes = type.encode(type.fromObject(value)).finish();
        return { place, type, bytes: bytes.subarray(0, Math.floor(bytes.length * part)) };
      })
    );
    fc.assert(fc.property(cut, ({ place, type, bytes }) => assertAgree(place, type, bytes)), { numRuns: 400 });
  });
});

/** A small schema: 0 {1 text, 2 numbers, 3 self, 5 children by name, 6 signed, 7 unsigned, 8 data}. */
const small = new MessageTable([
  ["s I mself:0 x5:sm0 l u y", () => ({
    text: "",
    numbers: NO_LIST,
    children: NO_MAP,
    signed: "0",
    unsigned: "0",
    data: NO_BYTES,
  })],
]);

function write(build: (writer: WireWriter) => void): Uint8Array {
  const writer = new WireWriter();
  build(writer);
  return writer.finish();
}

const EMPTY = { text: "", numbers: [], children: {}, signed: "0", unsigned: "0", data: new Uint8Array(0) };

describe("MessageTable.decode()", () => {
  it("fills in what is missing and leaves missing messages out", () => {
    assertEquals(small.decode(0, new Uint8Array(0)), EMPTY);
  });

  it("gives each message lists and maps of its own", () => {
    const entry = write((writer) => writer.string(1, "key"));
    const bytes = write((writer) => {
      writer.varint(2, 1n);
      writer.bytes(5, entry);
    });
    const first = small.decode(0, bytes);
    (first.numbers as number[]).push(2);
    (first.children as Record<string, unknown>).other = 1;
    assertEquals(small.decode(0, bytes), { ...EMPTY, numbers: [1], children: { key: EMPTY } });
    assertEquals(small.decode(0, new Uint8Array(0)), EMPTY);
    assertEquals(Object.isFrozen(small.decode(0, new Uint8Array(0)).numbers), true);
  });

  it("reads packed and single numbers of a list alike", () => {
    const bytes = write((writer) => {
      writer.varint(2, 1n);
      writer.bytes(2, new Uint8Array([2, 3]));
    });
    assertEquals(small.decode(0, bytes).numbers, [1, 2, 3]);
  });

  it("keeps every bit of 64-bit numbers, signed where the schema says so", () => {
    const bytes = write((writer) => {
      writer.varint(6, -9223372036854775808n);
      writer.varint(7, 18446744073709551615n);
    });
    assertEquals(small.decode(0, bytes), {
      ...EMPTY,
      signed: "-9223372036854775808",
      unsigned: "18446744073709551615",
    });
  });

  it("keeps a map's entry of any key without touching prototypes", () => {
    const entry = write((writer) => writer.string(1, "__proto__"));
    const { children } = small.decode(0, write((writer) => writer.bytes(5, entry))) as { children: object };
    assertEquals(Object.keys(children), ["__proto__"]);
    assertEquals(Object.getPrototypeOf(children), Object.prototype);
  });

  it("bounds the depth", () => {
    let bytes: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < 100; depth++) bytes = write((writer) => writer.bytes(3, bytes));
    small.decode(0, bytes);
    const error = assertThrows(() => small.decode(0, write((writer) => writer.bytes(3, bytes))));
    assert(isLiveError(error) && error.code === "protocol");
  });
});
