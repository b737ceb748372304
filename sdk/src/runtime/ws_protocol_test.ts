import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import {
  acceptFor,
  base64,
  encodeFrame,
  FrameParser,
  handshakeFault,
  handshakeRequest,
  MAX_HEAD_BYTES,
  OPCODE,
  parseHead,
  type ServerMessage,
} from "./ws_protocol.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A frame as a server sends it: not masked. */
function serverFrame(opcode: number, payload: Uint8Array, fin = true): Uint8Array {
  const masked = encodeFrame(opcode, payload, new Uint8Array(4));
  const lengthBytes = payload.length < 126 ? 0 : payload.length < 0x10000 ? 2 : 8;
  const frame = new Uint8Array(masked.length - 4);
  frame.set(masked.subarray(0, 2 + lengthBytes));
  frame.set(payload, 2 + lengthBytes);
  frame[0] = (fin ? 0x80 : 0) | opcode;
  frame[1] = (frame[1] ?? 0) & 0x7f;
  return frame;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Cuts bytes at the given places. */
function cut(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (whole.length + 1))), whole.length].sort((a, b) => a - b);
  return ends.map((end, index) => whole.subarray(index === 0 ? 0 : ends[index - 1], end));
}

const codeOf = (run: () => unknown): string => {
  const error = assertThrows(run);
  assertInstanceOf(error, LiveError);
  return error.code;
};

describe("handshakeRequest()", () => {
  it("sends each header exactly once", () => {
    const url = new URL("wss://webcast-ws.tiktok.com/a/b?x=1&y=%20#fragment");
    const request = handshakeRequest(url, { "User-Agent": "Test/1.0", Cookie: "a=1; b=2" }, "key==");
    assertEquals(request.split("\r\n"), [
      "GET /a/b?x=1&y=%20 HTTP/1.1",
      "Host: webcast-ws.tiktok.com",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: key==",
      "Sec-WebSocket-Version: 13",
      "User-Agent: Test/1.0",
      "Cookie: a=1; b=2",
      "",
      "",
    ]);
  });
  it("refuses headers that would be sent twice or inject others", () => {
    const url = new URL("ws://127.0.0.1:1234/");
    const wrong: Record<string, string>[] = [
      { Host: "evil" },
      { connection: "close" },
      { "Sec-WebSocket-Protocol": "x" },
      { A: "1", a: "2" },
      { A: "1\r\nB: 2" },
      { "A\r\nB": "1" },
      { "": "1" },
    ];
    for (const headers of wrong) assertInstanceOf(assertThrows(() => handshakeRequest(url, headers, "k")), TypeError);
  });
});

describe("parseHead()", () => {
  it("reads status, headers and where the body begins, once it is whole", () => {
    const text = "HTTP/1.1 200 OK\r\nHandshake-Status: 415\r\nHANDSHAKE-MSG:DEVICE_BLOCKED\r\nX: 1\r\nX: 2\r\n\r\nbody";
    const head = parseHead(bytes(text));
    assertEquals(head?.status, 200);
    assertEquals([...head?.headers ?? []], [["handshake-status", "415"], ["handshake-msg", "DEVICE_BLOCKED"], [
      "x",
      "1",
    ]]);
    assertEquals(text.slice(head?.bodyOffset), "body");
    for (let length = 0; length < text.length - 4; length++) {
      assertEquals(parseHead(bytes(text.slice(0, length))), undefined);
    }
  });
  it("calls anything else protocol, and reads only so much", () => {
    for (const text of ["SSH-2.0-x\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "\u0016\u0003\u0001"]) {
      assertEquals(codeOf(() => parseHead(bytes(text))), "protocol");
    }
    assertEquals(codeOf(() => parseHead(bytes(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(MAX_HEAD_BYTES)}`))), "protocol");
  });
  it("gives a head, nothing or a LiveError for any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (given) => {
      for (const input of [given, joined([bytes("HTTP/1.1 101 x\r\n"), given])]) {
        try {
          parseHead(input);
        } catch (error) {
          assertInstanceOf(error, LiveError);
        }
      }
    }));
  });
});

describe("handshakeFault()", () => {
  it("checks the accept key of RFC 6455's example", async () => {
    assertEquals(await acceptFor("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assertEquals(base64(bytes("the sample nonce")), "dGhlIHNhbXBsZSBub25jZQ==");
  });
  it("takes an upgrade and nothing that was not offered", () => {
    const fault = (lines: string) => {
      const head = parseHead(bytes(`HTTP/1.1 101 x\r\n${lines}\r\n\r\n`));
      assert(head !== undefined);
      return handshakeFault(head, "A");
    };
    const good = "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: A";
    assertEquals(fault(good), undefined);
    assert(fault(good.replace("A", "B"))?.includes("upgrade") !== true);
    for (
      const bad of [
        good.replace("WebSocket\r", "h2c\r"),
        good.replace(", Upgrade", ""),
        good.replace(": A", ": B"),
        `${good}\r\nSec-WebSocket-Extensions: permessage-deflate`,
        `${good}\r\nSec-WebSocket-Protocol: x`,
      ]
    ) assert(fault(bad) !== undefined, bad);
  });
});

describe("FrameParser", () => {
  const message = fc.oneof(
    fc.record({
      type: fc.constant("data" as const),
      parts: fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      text: fc.boolean(),
    }),
    fc.record({ type: fc.constantFrom("ping" as const, "pong" as const), bytes: fc.uint8Array({ maxLength: 125 }) }),
  );

  it("gives the messages that were sent, however frames and bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (messages, places) => {
        const sent: Uint8Array[] = [];
        const expected: ServerMessage[] = [];
        for (const one of messages) {
          if (one.type !== "data") {
            sent.push(serverFrame(OPCODE[one.type], one.bytes));
            expected.push(one.type === "ping" ? { type: "ping", bytes: one.bytes } : { type: "pong" });
            continue;
          }
          one.parts.forEach((part, index) => {
            const opcode = index > 0 ? OPCODE.continuation : one.text ? OPCODE.text : OPCODE.binary;
            sent.push(serverFrame(opcode, part, index === one.parts.length - 1));
            // Control frames may stand between fragments.
            if (index < one.parts.length - 1) {
              sent.push(serverFrame(OPCODE.pong, new Uint8Array(0)));
              expected.push({ type: "pong" });
            }
          });
          expected.push({ type: "data", bytes: joined(one.parts) });
        }
        const parser = new FrameParser();
        const got = cut(joined(sent), places).flatMap((part) => parser.push(part));
        assertEquals(got, expected);
      }),
    );
  });

  it("reads frames with lengths of 2 and 8 bytes, byte by byte", () => {
    for (const length of [125, 126, 65_535, 65_536]) {
      const payload = new Uint8Array(length).fill(7);
      const parser = new FrameParser();
      const frame = serverFrame(OPCODE.binary, payload);
      const got = [...cut(frame, [1, 2, 3, 4, 5, 9, 10, 11, 5000])].flatMap((part) => parser.push(part));
      assertEquals(got, [{ type: "data", bytes: payload }]);
    }
  });

  it("gives bytes of its own, since the caller's buffer is used again", () => {
    const buffer = serverFrame(OPCODE.binary, bytes("hello"));
    const [got] = new FrameParser().push(buffer);
    buffer.fill(0);
    assertEquals(got, { type: "data", bytes: bytes("hello") });
    const parser = new FrameParser();
    const fragment = serverFrame(OPCODE.binary, bytes("hel"), false);
    parser.push(fragment);
    fragment.fill(0);
    assertEquals(parser.push(serverFrame(OPCODE.continuation, bytes("lo"))), [{ type: "data", bytes: bytes("hello") }]);
  });

  it("reads close frames", () => {
    const close = (payload: Uint8Array) => new FrameParser().push(serverFrame(OPCODE.close, payload));
    assertEquals(close(new Uint8Array(0)), [{ type: "close", code: 1005, reason: "" }]);
    assertEquals(close(joined([new Uint8Array([3, 233]), bytes("bye")])), [{
      type: "close",
      code: 1001,
      reason: "bye",
    }]);
  });

  it("calls a breach of RFC 6455 protocol", () => {
    const masked = encodeFrame(OPCODE.binary, bytes("x"), new Uint8Array(4));
    const reserved = serverFrame(OPCODE.binary, bytes("x"));
    reserved[0] = 0xc2;
    const cutControl = serverFrame(OPCODE.ping, bytes("x"), false);
    const longControl = serverFrame(OPCODE.ping, new Uint8Array(126));
    const breaches = [
      masked,
      reserved,
      cutControl,
      longControl,
      serverFrame(3, bytes("x")),
      serverFrame(OPCODE.continuation, bytes("x")),
      joined([serverFrame(OPCODE.binary, bytes("x"), false), serverFrame(OPCODE.binary, bytes("y"))]),
      serverFrame(OPCODE.close, new Uint8Array(1)),
    ];
    for (const breach of breaches) assertEquals(codeOf(() => new FrameParser().push(breach)), "protocol");
  });

  it("refuses a message that is too long before it comes, also in fragments", () => {
    const parser = new FrameParser(1000);
    const huge = new Uint8Array([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assertEquals(codeOf(() => parser.push(huge)), "protocol");
    const parts = new FrameParser(1000);
    parts.push(serverFrame(OPCODE.binary, new Uint8Array(600), false));
    assertEquals(codeOf(() => parts.push(serverFrame(OPCODE.continuation, new Uint8Array(600)))), "protocol");
  });

  it("gives messages or a LiveError for any bytes", () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (chunks) => {
      const parser = new FrameParser(1 << 20);
      try {
        for (const chunk of chunks) parser.push(chunk);
      } catch (error) {
        assertInstanceOf(error, LiveError);
      }
    }));
  });
});

describe("encodeFrame()", () => {
  it("masks what RFC 6455 masks", () => {
    const frame = encodeFrame(OPCODE.text, bytes("Hello"), new Uint8Array([0x37, 0xfa, 0x21, 0x3d]));
    assertEquals([...frame], [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
  });
  it("writes every length in its shortest form", () => {
    const heads = [0, 125, 126, 65_535, 65_536].map((length) => {
      const frame = encodeFrame(OPCODE.binary, new Uint8Array(length), new Uint8Array(4));
      assertEquals(frame.length - length - 6, length < 126 ? 0 : length < 65_536 ? 2 : 8);
      return (frame[1] ?? 0) & 0x7f;
    });
    assertEquals(heads, [0, 125, 126, 126, 127]);
  });
});
