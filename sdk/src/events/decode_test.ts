import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import type { Messages } from "../gen/messages.ts";
import { encodeMessage, type MessageFields } from "../testing/encode.ts";
import { type DecodeContext, decodeMessage } from "./decode.ts";
import type { KnownMethod, WireEvent } from "./types.ts";

const COMMON = { msgId: "7300000000000000001", roomId: "7300000000000000000", createTime: "1700000000123" };
const ALICE = { id: "18446744073709551615", displayId: "alice", nickname: "Alice ✨" };

function decode<M extends KnownMethod>(
  method: M,
  fields: MessageFields<Messages[M]>,
  context?: DecodeContext,
): WireEvent {
  return decodeMessage(
    method,
    encodeMessage(method, { common: COMMON, ...fields } as MessageFields<Messages[M]>),
    context,
  );
}

/** The event of one type, or a failed test. */
function as<T extends WireEvent["type"]>(type: T, event: WireEvent): Extract<WireEvent, { type: T }> {
  assertEquals(event.type, type);
  return event as Extract<WireEvent, { type: T }>;
}

describe("decodeMessage() head", () => {
  it("takes ids, room and time from the message", () => {
    const event = decode("WebcastChatMessage", {});
    assertEquals([event.id, event.roomId, event.at], [COMMON.msgId, COMMON.roomId, 1_700_000_000_123]);
    assertEquals([event.receivedAt, event.history, event.method], [0, false, "WebcastChatMessage"]);
  });

  it("prefers what the envelope and the connection know", () => {
    const event = decode("WebcastChatMessage", {}, { id: "5", roomId: "6", receivedAt: 7, history: true });
    assertEquals([event.id, event.roomId, event.receivedAt, event.history], ["5", "6", 7, true]);
    assertEquals(event.at, 1_700_000_000_123);
  });

  it("does not take an empty envelope id, or 0, for an id", () => {
    for (const id of ["", "0"]) assertEquals(decode("WebcastChatMessage", {}, { id }).id, COMMON.msgId);
    assertEquals(decodeMessage("WebcastChatMessage", new Uint8Array(), { id: "0" }).id, "");
  });

  it("gives the receive time where the message has none, and milliseconds where it counts seconds", () => {
    const timed = (createTime: string) =>
      decode("WebcastRoomMessage", { common: { createTime } }, { receivedAt: 99 }).at;
    assertEquals(timed("0"), 99);
    assertEquals(timed("1697111710"), 1_697_111_710_000);
    assertEquals(timed("1697111710999"), 1_697_111_710_999);
  });

  it("rounds no id, of message, room or person", () => {
    const large = { msgId: "9007199254740993", roomId: "18446744073709551614" };
    const event = as("chat", decode("WebcastChatMessage", { common: large, user: ALICE }));
    assertEquals([event.id, event.roomId, event.user.id], [large.msgId, large.roomId, ALICE.id]);
    assertEquals(event.message?.user?.id, ALICE.id);
  });
});

describe("decodeMessage() of people", () => {
  it("tells levels and roles by badges", () => {
    const badgeList = [
      { sceneType: 1, displayType: 2, text: { defaultPattern: "Moderator" } },
      { sceneType: 4, image: { image: { urlList: ["https://p.example/sub.png"] } } },
      { sceneType: 8, combine: { str: "21" }, privilegeLogExtra: { level: "21" } },
      { sceneType: 10, combine: { str: "Team" }, privilegeLogExtra: { level: "7" } },
      { sceneType: 99 },
    ];
    const { user } = as("join", decode("WebcastMemberMessage", { user: { ...ALICE, badgeList } }));
    assertEquals(user.badges, [
      { kind: "moderator", sceneType: 1, text: "Moderator" },
      { kind: "subscriber", sceneType: 4, imageUrl: "https://p.example/sub.png" },
      { kind: "gifter", sceneType: 8, level: 21, text: "21" },
      { kind: "fan", sceneType: 10, level: 7, text: "Team" },
      { kind: "other", sceneType: 99 },
    ]);
    assertEquals([user.moderator, user.subscriber, user.gifterLevel, user.fanLevel], [true, true, 21, 7]);
  });

  it("tells roles by the relation to the host that a chat line carries", () => {
    const userIdentity = { isModeratorOfAnchor: true, isSubscriberOfAnchor: true, isFollowerOfAnchor: true };
    const { user } = as("chat", decode("WebcastChatMessage", { user: ALICE, userIdentity }));
    assertEquals([user.moderator, user.subscriber, user.followsHost], [true, true, true]);
  });

  it("leaves empty what the message does not carry", () => {
    const { user } = as("chat", decode("WebcastChatMessage", {}));
    assertEquals([user.id, user.username, user.nickname, user.avatarUrl, user.secUid], [
      "",
      "",
      "",
      undefined,
      undefined,
    ]);
    assertEquals([user.moderator, user.subscriber, user.followsHost, user.verified, user.badges.length], [
      false,
      false,
      false,
      false,
      0,
    ]);
  });

  it("keeps the readable part of a name that is not UTF-8", () => {
    const bytes = new Uint8Array([0x12, 6, 0x1a, 4, 0x61, 0xff, 0x62, 0x63]);
    const event = as("chat", decodeMessage("WebcastChatMessage", bytes));
    assertEquals(event.user.nickname, "a\ufffdbc");
    assertEquals(event.message?.user?.nickname, "a\ufffdbc");
  });
});

describe("decodeMessage() of chat", () => {
  it("gives text, language, emotes and mentions", () => {
    const event = as(
      "chat",
      decode("WebcastChatMessage", {
        user: ALICE,
        content: "hello @bob",
        contentLanguage: "en",
        emotes: [{ index: 6, emote: { emoteId: "77", image: { urlList: ["https://p.example/e.webp"] } } }],
        atUser: { id: "2", displayId: "bob" },
      }),
    );
    assertEquals([event.text, event.language], ["hello @bob", "en"]);
    assertEquals(event.emotes, [{ index: 6, id: "77", imageUrl: "https://p.example/e.webp" }]);
    assertEquals(event.mentions.map(({ id, username }) => [id, username]), [["2", "bob"]]);
  });
});

describe("decodeMessage() of gifts", () => {
  const gift = { id: "5655", name: "Rose", describe: "sent Rose", type: 1, diamondCount: 1 };

  it("calls a running streak open, and a finished one ended", () => {
    const running = as("gift", decode("WebcastGiftMessage", { giftId: "5655", gift, groupId: "9", repeatCount: 3 }));
    assertEquals(running.streak, { id: "9", ended: false, closedBy: undefined });
    assertEquals([running.count, running.total, running.value], [3, 3, 3]);
    const ended = as("gift", decode("WebcastGiftMessage", { gift, groupId: "9", repeatCount: 3, repeatEnd: 1 }));
    assertEquals(ended.streak, { id: "9", ended: true, closedBy: "repeat_end" });
  });

  it("calls a gift that cannot be repeated a streak of one", () => {
    const lion = { id: "6369", name: "Lion", type: 2, diamondCount: 29999 };
    const event = as("gift", decode("WebcastGiftMessage", { gift: lion, user: ALICE, toUser: { id: "4" } }));
    assertEquals([event.count, event.value, event.streak.closedBy, event.to?.id], [1, 29999, "single", "4"]);
  });

  it("goes by the group id where the gift itself is left out", () => {
    assertEquals(as("gift", decode("WebcastGiftMessage", { groupId: "9", repeatCount: 2 })).streak.ended, false);
    assertEquals(as("gift", decode("WebcastGiftMessage", { repeatCount: 1 })).streak.closedBy, "single");
  });
});

describe("decodeMessage() of joins, follows and shares", () => {
  const social = (key: string, action: string, more: MessageFields<Messages["WebcastSocialMessage"]> = {}) =>
    decode("WebcastSocialMessage", { common: { ...COMMON, displayText: { key } }, user: ALICE, action, ...more });

  it("takes member action 1, and none, for a join", () => {
    for (const action of [0, 1]) {
      const event = as("join", decode("WebcastMemberMessage", { action, user: ALICE, memberCount: 30 }));
      assertEquals([event.user.username, event.viewers], ["alice", 30]);
    }
  });

  it("takes member action 3 for a subscription, and others for what they are", () => {
    const subscription = as("subscribe", decode("WebcastMemberMessage", { action: 3, user: ALICE }));
    assertEquals([subscription.id, subscription.user.username], [COMMON.msgId, "alice"]);
    for (const action of [2, 4, 7, 9, 10, 11, 26, 47]) {
      const event = as("other", decode("WebcastMemberMessage", { action, user: ALICE }));
      assertEquals([event.id, event.at, event.user?.username], [COMMON.msgId, 1_700_000_000_123, "alice"]);
      // 7 and 11 remove, 9 and 10 mute.
      assertEquals((event.message as Messages["WebcastMemberMessage"]).action, action);
    }
  });

  it("takes member actions 5 and 6 for a moderator who is made and unmade, and says by whom where it is told", () => {
    const operator = { id: "9", displayId: "host", nickname: "Host" };
    for (const [action, change] of [[5, "added"], [6, "removed"]] as const) {
      const event = as("moderator", decode("WebcastMemberMessage", { action, user: ALICE, operator }));
      assertEquals([event.id, event.roomId, event.at], [COMMON.msgId, COMMON.roomId, 1_700_000_000_123]);
      assertEquals([event.action, event.user.username, event.operator?.username], [change, "alice", "host"]);
      assertEquals(event.message?.action, action);
    }
    const bare = as("moderator", decode("WebcastMemberMessage", { action: 5, user: ALICE }));
    assertEquals([bare.operator, bare.toJSON()["action"]], [undefined, "added"]);
  });

  it("goes by the key of the display text first, and by the action where it does not tell", () => {
    assertEquals(social("pm_main_follow_message_viewer_2", "3").type, "follow");
    assertEquals(social("pm_mt_guidance_share", "1").type, "share");
    assertEquals(social("", "1").type, "follow");
    for (const action of ["2", "3", "4", "5"]) assertEquals(social("", action).type, "share");
    assertEquals(social("something_new", "6").type, "other");
  });

  it("gives followers, platform and the people who came through a share", () => {
    assertEquals(as("follow", social("pm_main_follow_message_viewer_2", "1", { followCount: "12" })).followers, 12);
    const share = as("share", social("pm_mt_guidance_viewer_10_share", "3", { shareTarget: "112" }));
    assertEquals([share.id, share.user.username, share.sharedTo, share.joined], [COMMON.msgId, "alice", "112", 10]);
    assertEquals(as("share", social("pm_mt_guidance_share", "3", { shareTarget: "-1" })).sharedTo, "");
  });
});

describe("decodeMessage() of the room", () => {
  it("gives likes, viewers and the top of them", () => {
    const displayText = { key: "pm_mt_msg_viewer", defaultPattern: "{0:user} liked the LIVE" };
    const like = as(
      "like",
      decode("WebcastLikeMessage", { common: { displayText }, user: ALICE, count: 15, total: "3000000000" }),
    );
    assertEquals([like.count, like.total, like.displayType, like.label], [
      15,
      3_000_000_000,
      displayText.key,
      displayText.defaultPattern,
    ]);
    const ranks = [{ rank: 1, score: 500, user: ALICE }, { rank: 2, score: 20 }];
    const viewers = as("viewers", decode("WebcastRoomUserSeqMessage", { total: 34000, totalUser: 250000, ranks }));
    assertEquals([viewers.count, viewers.total], [34000, 250000]);
    assertEquals(viewers.top.map(({ rank, score, user }) => [rank, score, user.username]), [[1, 500, "alice"], [
      2,
      20,
      "",
    ]]);
    assertStrictEquals(viewers.top, viewers.top);
  });

  it("names what a control message claims", () => {
    const action = (code: number) => as("control", decode("WebcastControlMessage", { action: code })).action;
    assertEquals([1, 2, 3, 4, 0, 7].map(action), ["paused", "resumed", "ended", "suspended", "other", "other"]);
  });

  it("reads system lines under both of their methods", () => {
    for (const method of ["WebcastRoomMessage", "RoomMessage"] as const) {
      const welcome = as("room_message", decode(method, { content: "Welcome", isWelcome: true }));
      assertEquals([welcome.method, welcome.kind, welcome.text], [method, "welcome", "Welcome"]);
      assertEquals(welcome.message?.content, "Welcome");
    }
    assertEquals(as("room_message", decode("WebcastRoomMessage", { content: "rules" })).kind, "system");
  });

  it("gives intro with the title that the connection knows, question, and months of a subscription", () => {
    const intro = as("intro", decode("WebcastLiveIntroMessage", { content: "hi", user: ALICE }, { title: "My live" }));
    assertEquals([intro.text, intro.title, intro.user.username], ["hi", "My live", "alice"]);
    const question = as("question", decode("WebcastQuestionNewMessage", { data: { content: "why?", user: ALICE } }));
    assertEquals([question.text, question.user.username], ["why?", "alice"]);
    assertEquals(as("subscribe", decode("WebcastSubNotifyMessage", { user: ALICE, subMonth: 4 })).months, 4);
    assertEquals(as("subscribe", decode("WebcastSubNotifyMessage", { user: ALICE })).months, undefined);
  });

  it("parses the JSON of a banner, and says undefined where it is none", () => {
    const banner = (text: string) =>
      as("banner", decode("WebcastInRoomBannerMessage", { data: new TextEncoder().encode(text) })).data;
    assertEquals(banner('{"data":[1,null]}'), { data: [1, null] });
    assertEquals(banner("not json"), undefined);
  });

  it("gives battles with hosts, teams and supporters", () => {
    const image = { urlList: ["https://p.example/h.webp"] };
    const armies = { userArmies: [{ userId: "3", score: 40, nickname: "Fan" }], hostScore: 120 };
    const battle = as(
      "battle",
      decode("WebcastLinkMicBattle", {
        battleId: "70",
        action: 5,
        anchorsInfo: [{
          key: "1",
          value: { user: { userId: "1", displayId: "host", nickName: "Host", avatarThumb: image } },
        }],
        armies: [{ key: "1", value: armies }],
        battleResult: { "1": { userId: "1", score: 120 } },
      }),
    );
    assertEquals([battle.battleId, battle.status, battle.action], ["70", "finished", 5]);
    assertEquals(battle.hosts, [{ id: "1", username: "host", nickname: "Host", avatarUrl: image.urlList[0] }]);
    const supporters = [{ id: "3", nickname: "Fan", avatarUrl: undefined, points: 40 }];
    assertEquals(battle.teams, [{ hostId: "1", points: 120, supporters }]);
    const scores = as(
      "battle_scores",
      decode("WebcastLinkMicArmies", { battleId: "70", triggerReason: 1, armies: { "1": armies } }),
    );
    assertEquals([scores.battleId, scores.status, scores.teams], ["70", 1, [{ hostId: "1", points: 120, supporters }]]);
    const results = as(
      "battle",
      decode("WebcastLinkMicBattle", { battleResult: { "18446744073709551615": { score: 9 } } }),
    );
    assertEquals(results.teams, [{ hostId: "18446744073709551615", points: 9, supporters: [] }]);
  });
});

describe("decodeMessage() of what it cannot read", () => {
  const broken = new Uint8Array([...encodeMessage("WebcastChatMessage", { common: COMMON }), 0x1a, 0x7f, 0x61]);

  it("gives an unknown event with head and bytes for a method without schema", () => {
    const bytes = encodeMessage("WebcastChatMessage", { common: COMMON });
    for (const method of ["WebcastFutureMessage", "constructor", "__proto__", "toString", ""]) {
      const event = as("unknown", decodeMessage(method, bytes));
      assertEquals([event.method, event.id, event.roomId, event.at], [
        method,
        COMMON.msgId,
        COMMON.roomId,
        1_700_000_000_123,
      ]);
      assertEquals(event.bytes, bytes);
      assertEquals(event.message, undefined);
      assertEquals(event.toJSON()["bytes"], Buffer.from(bytes).toString("base64"));
    }
  });

  it("gives a decode_error event with head, bytes and reason for bytes that break off", () => {
    const event = as("decode_error", decodeMessage("WebcastChatMessage", broken, { receivedAt: 5 }));
    assertEquals([event.method, event.id, event.receivedAt], ["WebcastChatMessage", COMMON.msgId, 5]);
    assertEquals(event.error.code, "protocol");
    assertEquals(event.bytes, broken);
    assertEquals(event.message, undefined);
    const plain = event.toJSON();
    assertEquals(plain["bytes"], Buffer.from(broken).toString("base64"));
    assertEquals(plain["error"], { code: "protocol", message: event.error.message });
  });

  it("takes no head from bytes that have none", () => {
    const event = decodeMessage("WebcastFutureMessage", new Uint8Array([0x0a, 3, 1, 2, 3]), { id: "8", roomId: "9" });
    assertEquals([event.type, event.id, event.roomId], ["unknown", "8", "9"]);
    // A field 1 that reads as an id and then breaks off is no head either.
    assertEquals(decodeMessage("WebcastFutureMessage", new Uint8Array([0x0a, 4, 0x10, 5, 0x18, 0x80])).id, "");
  });

  it("skips a known field of another wire type", () => {
    // Content (field 3) as varint, user (field 2) as fixed32, then content as text.
    const bytes = new Uint8Array([0x18, 5, 0x15, 1, 2, 3, 4, 0x1a, 2, 0x68, 0x69]);
    assertEquals(as("chat", decodeMessage("WebcastChatMessage", bytes)).text, "hi");
  });

  it("refuses what is no byte array", () => {
    assert(
      assertThrows(() => decodeMessage("WebcastChatMessage", "text" as unknown as Uint8Array)) instanceof TypeError,
    );
  });
});

describe("wire events", () => {
  const bytes = encodeMessage("WebcastChatMessage", { common: COMMON, user: ALICE, content: "hi" });

  it("decode the whole message once, into plain data", () => {
    const event = as("chat", decodeMessage("WebcastChatMessage", bytes));
    const message = event.message;
    assertStrictEquals(event.message, message);
    assertEquals(Object.getPrototypeOf(message), Object.prototype);
    assertEquals([message?.content, message?.user?.displayId, message?.common?.createTime], [
      "hi",
      "alice",
      COMMON.createTime,
    ]);
    assertEquals([message?.emotes, message?.signature, message?.screenTime, message?.atUser], [[], "", "0", undefined]);
  });

  it("keep negative numbers of signed fields", () => {
    const gift = as("gift", decode("WebcastGiftMessage", { colorId: "-1" }));
    assertEquals(gift.message?.colorId, "-1");
  });

  it("keep plain byte arrays also for a Buffer", () => {
    const banner = encodeMessage("WebcastInRoomBannerMessage", { data: new Uint8Array([1, 2]) });
    const event = as("banner", decodeMessage("WebcastInRoomBannerMessage", Buffer.from(banner)));
    assertEquals(Object.getPrototypeOf(event.bytes), Uint8Array.prototype);
    assertEquals(event.message?.data, new Uint8Array([1, 2]));
    const empty = as("banner", decodeMessage("WebcastInRoomBannerMessage", new Uint8Array()));
    assertEquals(empty.message?.data, new Uint8Array());
  });

  it("become JSON with all that is known of a person, and without bytes", () => {
    const plain = JSON.parse(JSON.stringify(decodeMessage("WebcastChatMessage", bytes)));
    assertEquals(plain.user.nickname, ALICE.nickname);
    assertEquals(plain.user.badges, []);
    assertEquals([plain.type, plain.text, plain.bytes, plain.message], ["chat", "hi", undefined, undefined]);
  });

  it("show their fields in console.log", () => {
    const text = inspect(decodeMessage("WebcastChatMessage", bytes));
    assert(text.includes("alice") && text.includes("hi") && !text.includes("Uint8Array"), text);
  });
});
