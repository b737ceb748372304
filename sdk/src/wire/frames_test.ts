import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { isLiveError } from "../errors.ts";
import { decodeClientFrame, encodeFetchResult, encodePushFrame } from "../testing/encode.ts";
import {
  decodeFetchResult,
  decodeFrame,
  encodeAck,
  encodeEnterRoom,
  encodeHeartbeat,
  type FetchResult,
} from "./frames.ts";

function assertProtocolError(error: unknown): void {
  assert(isLiveError(error), String(error));
  assertEquals(error.code, "protocol");
}

const bytesOf = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);
const uint64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String);
const count = fc.integer({ min: 0, max: 2 ** 31 - 1 });

const fetchResult: fc.Arbitrary<FetchResult> = fc.record({
  messages: fc.array(
    fc.record({
      method: fc.string(),
      payload: fc.uint8Array({ maxLength: 40 }),
      id: fc.oneof(uint64, fc.constant("")),
      history: fc.boolean(),
    }, { noNullPrototype: true }),
    { maxLength: 5 },
  ),
  cursor: fc.string(),
  internalExt: fc.uint8Array({ maxLength: 30 }),
  needAck: fc.boolean(),
  heartbeatDurationMs: count,
  fetchIntervalMs: count,
  pushServer: fc.string(),
  routeParams: fc.dictionary(fc.string().filter((key) => key !== "__proto__"), fc.string(), { noNullPrototype: true }),
  nowMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
}, { noNullPrototype: true });

describe("decodeFrame()", () => {
  it("reads what a server writes", () => {
    const frame = encodePushFrame({
      logId: "18446744073709551615",
      payloadType: "msg",
      headers: { compress_type: "gzip", "im-cursor": "1" },
      payload: bytesOf(1, 2, 3),
    });
    assertEquals(decodeFrame(frame), {
      logId: "18446744073709551615",
      payloadType: "msg",
      payloadEncoding: "pb",
      headers: { compress_type: "gzip", "im-cursor": "1" },
      payload: bytesOf(1, 2, 3),
    });
  });

  it("gives an empty frame for no bytes", () => {
    const empty = { logId: "0", payloadType: "", payloadEncoding: "", headers: {}, payload: bytesOf() };
    assertEquals(decodeFrame(bytesOf()), empty);
  });

  it("skips fields that it does not know, and known ones of another wire type", () => {
    // Field 2 (log id) as text, field 7 (payload type) as varint, unknown field 99, then the real payload type.
    const frame = decodeFrame(bytesOf(0x12, 1, 0x35, 0x38, 5, 0x98, 0x06, 1, 0x3a, 2, 0x68, 0x62));
    assertEquals(frame.logId, "0");
    assertEquals(frame.payloadType, "hb");
  });

  it("throws a protocol error for bytes that are no frame, and for cut frames", () => {
    assertProtocolError(assertThrows(() => decodeFrame(new TextEncoder().encode("<!DOCTYPE html>"))));
    const whole = encodePushFrame({ payloadType: "msg", payload: new Uint8Array(200) });
    // A cut between two fields leaves a shorter frame: after the encoding, and after the type.
    const cutBetweenFields = [4, 9];
    for (let length = 1; length < whole.length; length++) {
      if (cutBetweenFields.includes(length)) decodeFrame(whole.subarray(0, length));
      else assertProtocolError(assertThrows(() => decodeFrame(whole.subarray(0, length)), `cut at ${length}`));
    }
  });

  it("never throws anything else, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      for (const decode of [decodeFrame, decodeFetchResult]) {
        try {
          decode(bytes);
        } catch (error) {
          assertProtocolError(error);
        }
      }
    }));
  });

  it("gives plain byte arrays for a Buffer", () => {
    const frame = decodeFrame(Buffer.from(encodePushFrame({ payloadType: "msg", payload: bytesOf(1) })));
    assertEquals(Object.getPrototypeOf(frame.payload), Uint8Array.prototype);
  });

  it("is not tricked by a header named __proto__", () => {
    const { headers } = decodeFrame(
      bytesOf(0x2a, 14, 0x0a, 9, ...new TextEncoder().encode("__proto__"), 0x12, 1, 0x78),
    );
    assertEquals(Object.getPrototypeOf(headers), Object.prototype);
  });
});

describe("decodeFetchResult()", () => {
  it("reads any batch that a server writes", () => {
    fc.assert(fc.property(fetchResult, (result) => {
      assertEquals(decodeFetchResult(encodeFetchResult(result)), result);
    }));
  });

  it("takes id 0 for none", () => {
    const [message] = decodeFetchResult(bytesOf(0x0a, 2, 0x18, 0)).messages;
    assertEquals(message?.id, "");
  });
});

describe("frames of the client", () => {
  const roomId = "7300000000000000001";

  it("encodeHeartbeat() names the room", () => {
    const frame = decodeClientFrame(encodeHeartbeat(roomId));
    assertEquals([frame.payloadType, frame.payloadEncoding, frame.roomId], ["hb", "pb", roomId]);
  });

  it("encodeEnterRoom() names the room and joins as audience", () => {
    const frame = decodeClientFrame(encodeEnterRoom(roomId));
    assertEquals([frame.payloadType, frame.payloadEncoding, frame.roomId], ["im_enter_room", "pb", roomId]);
    const text = new TextDecoder().decode(frame.payload);
    assert(text.includes("audience"));
    // live_id (field 4) is 12.
    assert(String(frame.payload).includes("32,12"));
  });

  it("encodeAck() echoes log id and internal_ext byte for byte", () => {
    const internalExt = bytesOf(0, 255, 128, 45);
    const frame = decodeClientFrame(encodeAck("18446744073709551615", internalExt));
    assertEquals(frame.payloadType, "ack");
    assertEquals(frame.logId, "18446744073709551615");
    assertEquals(frame.payload, internalExt);
  });

  it("encodeAck() sends a dash where there is no internal_ext", () => {
    assertEquals(decodeClientFrame(encodeAck("5", bytesOf())).payload, bytesOf(0x2d));
  });
});
