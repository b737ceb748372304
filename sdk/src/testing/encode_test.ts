import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { decodeMessage } from "../events/decode.ts";
import type { KnownMethod } from "../events/types.ts";
import { encodeEnterRoom, encodeHeartbeat } from "../wire/frames.ts";
import { decodeClientFrame, encodeMessage } from "./encode.ts";

describe("encodeMessage()", () => {
  it("writes what the generated decoder reads back, with every kind of field", () => {
    const fields = {
      common: {
        msgId: "18446744073709551615",
        createTime: "-5",
        isShowMsg: true,
        describe: "ünï ✨",
        filterMsgTags: ["a", "b"],
      },
      userId: 7n,
      memberCount: -3,
      effectConfig: new Uint8Array([0, 255]),
      adminPermissions: { "-4": 5 },
    };
    const message = decodeMessage("WebcastMemberMessage", encodeMessage("WebcastMemberMessage", fields)).message;
    const { common, userId, memberCount, effectConfig, adminPermissions } = message as typeof fields;
    assertEquals([userId, memberCount, effectConfig, adminPermissions], ["7" as unknown, -3, new Uint8Array([0, 255]), {
      "-4": 5,
    }]);
    assertEquals([common.msgId, common.createTime, common.isShowMsg, common.describe], [
      "18446744073709551615",
      "-5",
      true,
      "ünï ✨",
    ]);
    assertEquals(common.filterMsgTags, ["a", "b"]);
  });

  it("leaves default values out, as TikTok does", () => {
    const defaults = { content: "", visibleToSender: false, inputType: 0, screenTime: "0", emotes: [] };
    assertEquals(encodeMessage("WebcastChatMessage", defaults), new Uint8Array());
  });

  it("writes large messages whole", () => {
    const content = "x".repeat(100_000);
    const event = decodeMessage("WebcastChatMessage", encodeMessage("WebcastChatMessage", { content }));
    assertEquals(event.type === "chat" && event.text, content);
  });

  it("refuses methods and fields that the schema does not have, and values of another type", () => {
    const refused: [method: string, fields: object][] = [
      ["WebcastFutureMessage", {}],
      ["WebcastChatMessage", { text: "hi" }],
      ["WebcastChatMessage", { user: { uniqueId: "a" } }],
      ["WebcastChatMessage", { content: 5 }],
      ["WebcastChatMessage", { inputType: 1.5 }],
      ["WebcastChatMessage", { screenTime: "soon" }],
      ["WebcastChatMessage", { emotes: {} }],
      ["WebcastChatMessage", { user: "alice" }],
      ["WebcastChatMessage", { visibleToSender: 1 }],
    ];
    for (const [method, fields] of refused) {
      assert(assertThrows(() => encodeMessage(method as KnownMethod, fields)) instanceof TypeError, method);
    }
  });
});

describe("decodeClientFrame()", () => {
  it("tells the room of heartbeats and of enter-room", () => {
    for (const encode of [encodeHeartbeat, encodeEnterRoom]) {
      assertEquals(decodeClientFrame(encode("18446744073709551615")).roomId, "18446744073709551615");
    }
  });
});
