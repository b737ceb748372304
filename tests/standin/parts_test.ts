import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { encodeMessage } from "@roomtone/sdk/testing";
import fc from "fast-check";
import { describe, it } from "node:test";
import { parseFault, StandingFaults } from "./faults.ts";
import { encodeTag, flvHeader, type FlvTag, makeSource, makeTag, parseFlv, soundOnly } from "./flv_source.ts";
import { BUSY_ROOM_MIX, MessageGenerator, MIX_WINDOW_MS, type PlannedMessage } from "./generator.ts";
import { toJson } from "./json.ts";
import { createRandom } from "./prng.ts";
import { maskFrame } from "./raw_client.ts";
import { inventHost } from "./users.ts";
import { acceptKey, FrameReader } from "./ws_frames.ts";

const host = inventHost(createRandom("parts"), "some.host");

function messagesOf(seed: string, untilMs: number): PlannedMessage[] {
  const generator = new MessageGenerator(seed, host, 1);
  const messages: PlannedMessage[] = [];
  while (generator.nextAtMs < untilMs) messages.push(generator.next());
  return messages;
}

function encode({ method, fields, common }: PlannedMessage): Uint8Array {
  const ids = { method, msgId: "7300000000000000001", roomId: "7300000000000000002", createTime: "1700000000000" };
  const whole = { ...fields, common: { ...common, ...ids } } as Parameters<
    typeof encodeMessage<"WebcastChatMessage">
  >[1];
  return encodeMessage(method as "WebcastChatMessage", whole);
}

describe("createRandom()", () => {
  it("gives the same numbers for the same seed and others for another", () => {
    const three = (seed: string): number[] => {
      const random = createRandom(seed);
      return [random.next(), random.next(), random.next()];
    };
    assertEquals(three("a"), three("a"));
    assertNotEquals(three("a"), three("b"));
  });

  it("keeps integers and digits in their bounds", () => {
    fc.assert(fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(50), (seed, min, span) => {
      const random = createRandom(seed);
      const value = random.int(min, min + span);
      assert(Number.isInteger(value) && value >= min && value <= min + span);
      assert(/^[1-9]\d{18}$/.test(random.digits(19)));
    }));
  });
});

describe("MessageGenerator", () => {
  it("gives the same messages for the same seed, whenever the first one is asked for", () => {
    const late = new MessageGenerator("1", host, 1);
    late.skipTo(60_000);
    const first = messagesOf("1", 2000).map(({ method, fields }) => ({ method, fields }));
    const same = first.map(() => late.next()).map(({ method, fields }) => ({ method, fields }));
    assert(first.length > 10);
    assertEquals(same, first);
    assertNotEquals(messagesOf("2", 2000).map(({ fields }) => fields), first.map(({ fields }) => fields));
  });

  it("has the mix of a busy room", () => {
    const windows = 20;
    const counts = new Map<string, number>();
    for (const { method } of messagesOf("mix", windows * MIX_WINDOW_MS)) {
      counts.set(method, (counts.get(method) ?? 0) + 1);
    }
    const expected: [string, number][] = [
      ["WebcastChatMessage", BUSY_ROOM_MIX.chat],
      ["WebcastMemberMessage", BUSY_ROOM_MIX.join],
      ["WebcastLikeMessage", BUSY_ROOM_MIX.like],
      ["WebcastRoomUserSeqMessage", BUSY_ROOM_MIX.viewers],
      ["WebcastSocialMessage", BUSY_ROOM_MIX.social],
      ["WebcastGiftMessage", BUSY_ROOM_MIX.gift],
    ];
    for (const [method, perWindow] of expected) {
      const ratio = (counts.get(method) ?? 0) / windows / perWindow;
      assert(ratio > 0.8 && ratio < 1.2, `${method} comes ${ratio} times as often as in a real room`);
    }
  });

  it("makes messages as large as the real ones", () => {
    const sizes = new Map<string, { count: number; bytes: number }>();
    for (const planned of messagesOf("sizes", 5 * MIX_WINDOW_MS)) {
      const { count, bytes } = sizes.get(planned.method) ?? { count: 0, bytes: 0 };
      sizes.set(planned.method, { count: count + 1, bytes: bytes + encode(planned).length });
    }
    // Averages of ../shared/captures/messages.ndjson by type.
    const real: Record<string, number> = {
      WebcastChatMessage: 2862,
      WebcastMemberMessage: 4149,
      WebcastLikeMessage: 2169,
      WebcastRoomUserSeqMessage: 2767,
      WebcastSocialMessage: 3358,
      WebcastGiftMessage: 5647,
    };
    for (const [method, average] of Object.entries(real)) {
      const { count, bytes } = sizes.get(method) ?? { count: 0, bytes: 0 };
      const ratio = bytes / count / average;
      assert(ratio > 0.85 && ratio < 1.15, `${method} is ${ratio} times as large as real ones`);
    }
  });

  it("ends every gift streak with repeat_end, its count never falling", () => {
    const streaks = new Map<unknown, PlannedMessage[]>();
    const gifts = messagesOf("gifts", 20 * MIX_WINDOW_MS).filter(({ method }) => method === "WebcastGiftMessage");
    for (const gift of gifts.filter(({ fields }) => fields["groupId"] !== "0")) {
      const key = gift.fields["groupId"];
      streaks.set(key, [...streaks.get(key) ?? [], gift]);
    }
    assert(streaks.size > 10);
    // The last one may still run when the window closes.
    for (const messages of [...streaks.values()].slice(0, -1)) {
      const counts = messages.map(({ fields }) => Number(fields["repeatCount"]));
      assertEquals(counts, [...counts].sort((one, other) => one - other));
      const ends = messages.map(({ fields }) => fields["repeatEnd"]);
      assertEquals(ends, [...ends.slice(1).map(() => 0), 1]);
    }
  });

  it("refuses a rate that is not above 0", () => {
    assert(assertThrows(() => new MessageGenerator("1", host, 0)) instanceof RangeError);
  });
});

describe("FrameReader", () => {
  it("finds the messages however the bytes are cut", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(sizes, fc.array(fc.integer({ min: 1, max: 90 })), (lengths, cuts) => {
      const payloads = lengths.map((length, index) => new Uint8Array(length).fill(index + 1));
      const bytes = new Uint8Array(Buffer.concat(payloads.map((payload) => maskFrame(payload))));
      const reader = new FrameReader();
      const found: Uint8Array[] = [];
      let offset = 0;
      for (const cut of [...cuts, bytes.length]) {
        found.push(...reader.push(bytes.subarray(offset, offset + cut)).map(({ payload }) => payload));
        offset += cut;
      }
      assertEquals(found, payloads);
    }));
  });

  it("refuses frames without a mask", () => {
    assert(assertThrows(() => new FrameReader().push(Uint8Array.of(0x82, 0x01, 0x00))) instanceof RangeError);
  });

  it("answers the key of RFC 6455 with the RFC's value", () => {
    assertEquals(acceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
});

describe("parseFlv()", () => {
  const tag = fc.record({
    type: fc.constantFrom(8, 9, 18),
    timestampMs: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 300 }),
  });

  it("reads what encodeTag() wrote", () => {
    fc.assert(fc.property(fc.array(tag), (specs) => {
      const tags = specs.map(({ type, timestampMs, payload }) => makeTag(type, timestampMs, new Uint8Array(payload)));
      const parts = [flvHeader({ audio: true, video: true }), ...tags.map((one) => encodeTag(one, one.timestampMs))];
      assertEquals(parseFlv(new Uint8Array(Buffer.concat(parts))), tags);
    }));
  });

  it("refuses a file that stops inside a tag", () => {
    const whole = Buffer.concat([
      flvHeader({ audio: true, video: false }),
      encodeTag(makeTag(8, 0, Uint8Array.of(1)), 0),
    ]);
    assert(assertThrows(() => parseFlv(new Uint8Array(whole.subarray(0, whole.length - 3)))) instanceof RangeError);
  });
});

describe("makeSource()", () => {
  const avcHeader = makeTag(9, 0, Uint8Array.of(0x17, 0, 0, 0, 0));
  const key = (at: number): FlvTag => makeTag(9, at, Uint8Array.of(0x17, 1, 0, 0, 0, at));
  const sound = (at: number): FlvTag => makeTag(8, at, Uint8Array.of(0xaf, 1, at));

  it("starts at 0, drops the end of the sequence and wraps sound that runs over", () => {
    const end = makeTag(9, 160, Uint8Array.of(0x17, 2, 0, 0, 0));
    const source = makeSource([avcHeader, key(80), sound(90), key(120), sound(170), end]);
    assertEquals(source.loopMs, 80);
    assertEquals(source.headers.map(({ md5 }) => md5), [avcHeader.md5]);
    assertEquals(source.tags.map(({ type, timestampMs }) => [type, timestampMs]), [[9, 0], [8, 10], [8, 10], [9, 40]]);
  });

  it("leaves sound alone for ao", () => {
    const source = soundOnly(makeSource([avcHeader, key(0), sound(10)]));
    assertEquals(source.headers.length, 0);
    assertEquals(source.tags.map(({ type }) => type), [8]);
  });

  it("refuses a stream that does not start with a keyframe", () => {
    const inter = makeTag(9, 0, Uint8Array.of(0x27, 1, 0, 0, 0));
    assert(assertThrows(() => makeSource([inter, key(40)])) instanceof RangeError);
  });
});

describe("parseFault()", () => {
  it("takes every field that its kind has", () => {
    const fault = { kind: "http", route: "room_info", reply: "rate_limited", retryAfterS: 7, times: 2 };
    assertEquals(parseFault(fault), fault as ReturnType<typeof parseFault>);
  });

  it("names what is wrong", () => {
    const message = (value: unknown): string => String(assertThrows(() => parseFault(value)));
    assert(message({ kind: "earthquake" }).includes("earthquake"));
    assert(message({ kind: "http", route: "nowhere", reply: "empty" }).includes("route has to be one of api_live"));
    assert(message({ kind: "flv_cut" }).includes("inside has to be a boolean"));
    assert(message(null).includes("no object"));
  });
});

describe("StandingFaults", () => {
  it("hits as often as told, on the host and the route that it is for", () => {
    const faults = new StandingFaults();
    faults.addHttp({ kind: "http", route: "api_live", reply: "empty", times: 2 }, "some.host");
    assertEquals(faults.takeHttp("api_live", "other"), undefined);
    assertEquals(faults.takeHttp("room_info", "some.host"), undefined);
    const hits = [1, 2, 3].map(() => faults.takeHttp("api_live", "some.host") !== undefined);
    assertEquals(hits, [true, true, false]);
  });

  it("stays until cleared without a count", () => {
    const faults = new StandingFaults();
    faults.addHandshake({ kind: "handshake", status: 415 });
    assert(faults.takeHandshake("any", "direct") !== undefined && faults.takeHandshake("any", "direct") !== undefined);
    faults.clear();
    assertEquals(faults.takeHandshake("any", "direct"), undefined);
  });
});

describe("toJson()", () => {
  it("writes bigints as numbers with every digit", () => {
    assertEquals(toJson({ id: 7300000000000000001n, text: "a" }), '{"id":7300000000000000001,"text":"a"}');
  });
});
