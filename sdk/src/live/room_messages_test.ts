import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import type { LiveEvent } from "../events/types.ts";
import { encodeFetchResult, encodeMessage } from "../testing/encode.ts";
import { decodeFetchResult } from "../wire/frames.ts";
import { RoomMessages } from "./room_messages.ts";

describe("RoomMessages", () => {
  it("keeps of a batch with an open streak only the gift itself", () => {
    const gift = encodeMessage("WebcastGiftMessage", {
      ...{ giftId: "5655", groupId: "9", repeatCount: 3, gift: { type: 1, diamondCount: 2 } },
      ...{ user: { id: "7", displayId: "giver" }, toUser: { id: "8", displayId: "host" } },
    });
    const chat = encodeMessage("WebcastChatMessage", { content: "x".repeat(5000) });
    const batch = decodeFetchResult(encodeFetchResult({
      messages: [
        { method: "WebcastChatMessage", payload: chat, id: "1" },
        { method: "WebcastGiftMessage", payload: gift, id: "2" },
      ],
    }));
    const events: LiveEvent[] = [];
    const room = new RoomMessages({
      counters: { messages: 0, duplicates: 0, undecodable: 0 },
      emit: (event) => void events.push(event),
      claimOver: () => undefined,
    });
    for (const message of batch.messages) room.add(message, 1000);
    room.expireStreaks(100_000);
    const [, given, closing] = events;
    assert(given?.type === "gift" && closing?.type === "gift");
    for (const event of [given, closing]) {
      assertEquals(event.bytes, gift);
      assertEquals(event.bytes.buffer.byteLength, gift.length);
      assertEquals([event.user.username, event.to?.username, event.total], ["giver", "host", 3]);
    }
    assertEquals([given.count, closing.count, closing.streak.closedBy], [3, 0, "timeout"]);
  });
});
