import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import process from "node:process";
import { descriptor } from "../gen/descriptor.ts";
import { methods } from "../gen/schema.ts";
import { WireReader } from "../wire/reader.ts";
import { decodeMessage } from "./decode.ts";
import type { WireEvent } from "./types.ts";

const CAPTURES = new URL("../../../../shared/captures/messages.ndjson", import.meta.url);

/** Every captured message as an event; `undefined` where there are no captures. */
function capturedEvents(context: TestContext): WireEvent[] | undefined {
  if (!existsSync(CAPTURES)) {
    assert(process.env["CI"] !== "true", "the captures are missing");
    context.skip("SKIPPED: ../shared/captures is not there");
    return undefined;
  }
  return readFileSync(CAPTURES, "utf8").trim().split("\n").map((line) => {
    const { method, payload } = JSON.parse(line) as { method: string; payload: string };
    return decodeMessage(method, new Uint8Array(Buffer.from(payload, "base64")));
  });
}

/** Fields of a message, and of those in it, that have content and no place in the schema, such as `Gift 106`. */
function missingFields(type: string, bytes: Uint8Array, found = new Set<string>()): Set<string> {
  const fields = descriptor[type] ?? [];
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const field = fields.find(({ number }) => number === tag >>> 3);
    if ((tag & 7) !== 2) {
      reader.skip(tag);
      if (field === undefined) found.add(`${type} ${tag >>> 3}`);
      continue;
    }
    const inner = reader.view();
    if (field === undefined && inner.length > 0) found.add(`${type} ${tag >>> 3}`);
    if (field !== undefined && field.rule !== "map" && descriptor[field.type] !== undefined) {
      missingFields(field.type, inner, found);
    }
  }
  return found;
}

function share(part: number, whole: readonly unknown[]): number {
  return part / whole.length;
}

describe("decodeMessage() on captured messages", () => {
  it("knows every captured method, and breaks on no message", (context) => {
    const events = capturedEvents(context as TestContext);
    if (events === undefined) return;
    assertEquals(new Set(events.map((event) => event.method)).size, 79);
    assert(Object.keys(methods).length >= 100);
    assertEquals(events.filter((event) => event.type === "unknown").map((event) => event.method), []);
    assertEquals(events.filter((event) => event.type === "decode_error").map((event) => event.method), []);
  });

  it("decodes the whole message behind every event of a known method", (context) => {
    const events = capturedEvents(context as TestContext);
    if (events === undefined) return;
    const broken = events.filter((event) => event.type !== "unknown" && event.message === undefined);
    assertEquals(broken.map((event) => event.method), []);
  });

  it("has a place for every field that one message in a hundred carries", (context) => {
    const events = capturedEvents(context as TestContext);
    if (events === undefined) return;
    const counts = new Map<string, number>();
    for (const { method, bytes } of events) {
      if (descriptor[method] === undefined) continue;
      for (const field of missingFields(method, bytes)) counts.set(field, (counts.get(field) ?? 0) + 1);
    }
    assert(counts.size > 0, "rare fields are missing: else nothing was looked at");
    assertEquals([...counts].filter(([, count]) => share(count, events) >= 0.01), []);
  });

  it("fills the flat shapes", (context) => {
    const events = capturedEvents(context as TestContext);
    if (events === undefined) return;
    const filled: [type: WireEvent["type"], isFilled: (event: WireEvent) => boolean][] = [
      ["caption", (event) => event.type === "caption" && event.text !== ""],
      ["emote", (event) => event.type === "emote" && event.user.username !== "" && event.emotes.length > 0],
      ["envelope", (event) => event.type === "envelope" && event.envelopeId !== ""],
      ["goal", (event) => event.type === "goal" && event.parts.some((part) => part.target > 0)],
      ["poll", (event) => event.type === "poll" && event.options.length > 1 && event.status !== "other"],
      ["rank", (event) => event.type === "rank" && event.places.some((place) => place.place > 0)],
      ["pin", (event) => event.type === "pin" && event.pinnedMethod !== "" && event.operator !== undefined],
      ["deleted", (event) => event.type === "deleted" && event.messageIds.length + event.userIds.length > 0],
      ["barrage", (event) => event.type === "barrage" && event.text !== ""],
      ["shopping", (event) => event.type === "shopping" && (event.product === undefined || event.product.price !== "")],
      ["link", (event) => event.type === "link" && event.guests.every((guest) => guest.id !== "")],
    ];
    for (const [type, isFilled] of filled) {
      const ofType = events.filter((event) => event.type === type);
      const count = ofType.filter(isFilled).length;
      assert(
        ofType.length > 0 && share(count, ofType) >= 0.8,
        `${count} of ${ofType.length} ${type} events are filled`,
      );
    }
  });
});
