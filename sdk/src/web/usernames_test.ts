import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { checkRoomId, normaliseUsername } from "./usernames.ts";

function codeOf(run: () => unknown): string {
  const error = assertThrows(run);
  assertInstanceOf(error, LiveError);
  return error.code;
}

describe("normaliseUsername()", () => {
  const names: [string, string][] = [
    ["some.host", "some.host"],
    ["  @Some_Host1 \n", "some_host1"],
    ["@7300000000000000001", "7300000000000000001"],
    ["some.host?lang=en&is_from_webapp=1", "some.host"],
    ["@some.host#top", "some.host"],
    ["https://www.tiktok.com/@some.host", "some.host"],
    ["https://www.tiktok.com/@some.host/live?lang=en&x=%2F#y", "some.host"],
    ["http://tiktok.com/@some.host/", "some.host"],
    ["HTTPS://WWW.TIKTOK.COM/@Some.Host/live/", "some.host"],
    ["tiktok.com/@some.host/live", "some.host"],
    ["www.tiktok.com/@some.host", "some.host"],
    ["m.tiktok.com/@some.host", "some.host"],
    ["https://www.tiktok.com/%40some.host/live", "some.host"],
    ["https://www.tiktok.com/@some.host/video/7300000000000000001", "some.host"],
  ];
  for (const [input, name] of names) {
    it(`reads ${JSON.stringify(input)}`, () => assertEquals(normaliseUsername(input), name));
  }

  const wrong = [
    "",
    "   ",
    "@",
    "?lang=en",
    "a/b",
    "../etc/passwd",
    "..",
    "@some.host/../other",
    "some host",
    "some\\host",
    "some%2fhost",
    "some\u0000host",
    "n".repeat(33),
    "n".repeat(100_000),
    "名前",
    "<script>",
    "https://evil.example/@some.host",
    "https://tiktok.com.evil.example/@some.host",
    "https://eviltiktok.com/@some.host",
    "https://user:secret@www.tiktok.com/@some.host",
    "https://www.tiktok.com/",
    "https://www.tiktok.com/foryou",
    "https://www.tiktok.com/@/live",
    "https://www.tiktok.com/@a%2Fb/live",
    "https://vm.tiktok.com/ZMabc/",
    "ftp://www.tiktok.com/@some.host",
    "javascript://www.tiktok.com/@some.host",
    "https://",
  ];
  for (const input of wrong) {
    it(`rejects ${JSON.stringify(input.slice(0, 60))}`, () => {
      assertEquals(codeOf(() => normaliseUsername(input)), "invalid_input");
    });
  }

  it("shows at most 200 characters of what it rejects, and says what to pass", () => {
    const error = assertThrows(() => normaliseUsername("/".repeat(5000)));
    assertInstanceOf(error, LiveError);
    assertEquals(error.evidence.excerpt?.length, 200);
    assert(error.remedy.length > 0);
  });

  it("throws a TypeError for what is no string", () => {
    assertInstanceOf(assertThrows(() => normaliseUsername(42 as unknown as string)), TypeError);
  });

  it("gives a plain name or invalid_input for any text, and is idempotent", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.string({ unit: "binary" })), (input) => {
      let name: string;
      try {
        name = normaliseUsername(input);
      } catch (error) {
        assertInstanceOf(error, LiveError);
        assertEquals(error.code, "invalid_input");
        return;
      }
      assert(/^[a-z0-9_.]{1,32}$/.test(name), name);
      assertEquals(normaliseUsername(name), name);
    }));
  });
});

describe("checkRoomId()", () => {
  it("takes decimal strings of up to 20 digits", () => {
    assertEquals(checkRoomId("7300000000000000001"), "7300000000000000001");
  });
  for (const roomId of ["", "0", "000", "-1", "1e5", "12.5", "7".repeat(21), "1&room_id=2", " 1"]) {
    it(`rejects ${JSON.stringify(roomId)}`, () => assertEquals(codeOf(() => checkRoomId(roomId)), "invalid_input"));
  }
  it("throws a TypeError for a number, which would have lost digits", () => {
    assertInstanceOf(assertThrows(() => checkRoomId(7300000000000000001 as unknown as string)), TypeError);
  });
});
