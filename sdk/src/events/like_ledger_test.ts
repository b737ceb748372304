import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { encodeMessage } from "../testing/encode.ts";
import { decodeMessage } from "./decode.ts";
import { LikeLedger } from "./like_ledger.ts";
import type { LikeEvent } from "./types.ts";

function like(total: number, count = 1): LikeEvent {
  const event = decodeMessage("WebcastLikeMessage", encodeMessage("WebcastLikeMessage", { count, total }));
  assert(event.type === "like");
  return event;
}

describe("LikeLedger.apply()", () => {
  it("never lets the total run backwards, and changes nothing else", () => {
    fc.assert(fc.property(fc.array(fc.nat()), (totals) => {
      const ledger = new LikeLedger();
      let highest = 0;
      for (const total of totals) {
        const event = like(total, 3);
        const booked = ledger.apply(event);
        highest = Math.max(highest, total);
        assertEquals([booked.total, booked.count, event.total], [highest, 3, total]);
        assertEquals(booked.message?.total, String(total));
      }
    }));
  });

  it("passes an event on as it is while totals grow", () => {
    const event = like(10);
    assertStrictEquals(new LikeLedger().apply(event), event);
  });
});
