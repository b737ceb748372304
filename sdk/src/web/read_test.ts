import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { at, entries, firstId, flag, id, imageUrl, list, nested, number, secondsToMs, text } from "./read.ts";

describe("readers over unknown JSON", () => {
  it("never throw, whatever they are given", () => {
    fc.assert(fc.property(fc.anything(), fc.array(fc.oneof(fc.string(), fc.nat(5))), (value, path) => {
      at(value, ...path);
      for (const read of [text, number, flag, id, list, entries, nested, secondsToMs, imageUrl]) read(value);
    }));
  });

  it("at() walks own fields only", () => {
    assertEquals(at({ a: [{ b: 1 }] }, "a", 0, "b"), 1);
    assertEquals(at({}, "constructor"), undefined);
    assertEquals(at(null, "a"), undefined);
    assertEquals(at("text", "length"), undefined);
  });

  it("id() keeps digits, and takes no rounded number for an id", () => {
    assertEquals(id("7300000000000000001"), "7300000000000000001");
    assertEquals(id(42), "42");
    for (const none of ["", "0", 0, "12a", -1, 1.5, JSON.parse("7300000000000000001"), null, {}]) {
      assertEquals(id(none), "");
    }
    assertEquals(firstId(7300000000000000001, "", "5"), "5");
  });

  it("number() reads numbers in strings", () => {
    assertEquals([number("12"), number(3.5), number(""), number("x"), number(NaN)], [
      12,
      3.5,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("nested() reads JSON in a string", () => {
    assertEquals(nested(`{"a":1}`), { a: 1 });
    assertEquals(nested({ a: 1 }), { a: 1 });
    assertEquals(nested("{"), undefined);
  });

  it("secondsToMs() calls 0 unknown", () => {
    assertEquals([secondsToMs(2), secondsToMs("2"), secondsToMs(0), secondsToMs("")], [
      2000,
      2000,
      undefined,
      undefined,
    ]);
  });
});
