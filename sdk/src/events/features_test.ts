import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { encodeMessage, type MessageFields } from "../testing/encode.ts";
import type { Messages } from "../gen/messages.ts";
import { WireWriter } from "../wire/writer.ts";
import { decodeMessage } from "./decode.ts";
import type { KnownMethod, WireEvent } from "./types.ts";

const COMMON = { msgId: "7300000000000000001", roomId: "7300000000000000000", createTime: "1700000000000" };
const PERSON = { id: "42", displayId: "some.viewer", nickname: "Some Viewer" };
const PICTURE = { urlList: ["https://example.com/1.webp", "https://example.com/2.webp"] };
const IMAGE_URL = "https://example.com/1.webp";

/** Encodes a message with a head, and decodes it. */
function decoded<M extends KnownMethod>(method: M, fields: MessageFields<Messages[M]>): WireEvent {
  return decodeMessage(method, encodeMessage(method, { common: COMMON, ...fields } as MessageFields<Messages[M]>));
}

/** The own fields of an event as plain data, without what all events of the wire have. */
function ownFields(event: WireEvent): Record<string, unknown> {
  const { id, roomId, at, receivedAt: _, history: __, method: ___, ...own } = event.toJSON();
  assertEquals([id, roomId, at], ["7300000000000000001", "7300000000000000000", 1_700_000_000_000]);
  return own;
}

/** A person by the fields that these tests set. */
function names(user: unknown): unknown {
  const { id, username, nickname } = user as Record<string, unknown>;
  return { id, username, nickname };
}

const NAMES = { id: "42", username: "some.viewer", nickname: "Some Viewer" };

describe("decodeMessage() of a live's features", () => {
  it("gives captions with all their languages", () => {
    const lines = [{ lang: "en", content: "hello" }, { lang: "de", content: "hallo" }];
    assertEquals(ownFields(decoded("WebcastCaptionMessage", { content: lines, sentenceId: "7", definite: true })), {
      type: "caption",
      text: "hello",
      language: "en",
      lines: [{ language: "en", text: "hello" }, { language: "de", text: "hallo" }],
      sentenceId: "7",
      final: true,
    });
  });

  it("gives emotes with their sender", () => {
    const { user, ...own } = ownFields(
      decoded("WebcastEmoteChatMessage", { user: PERSON, emoteList: [{ emoteId: "e1", image: PICTURE }] }),
    );
    assertEquals(names(user), NAMES);
    assertEquals(own, { type: "emote", emotes: [{ id: "e1", imageUrl: IMAGE_URL }] });
  });

  it("gives treasure chests in ms and diamonds", () => {
    const envelopeInfo = {
      envelopeId: "71",
      businessType: 1,
      sendUserName: "Some Viewer",
      diamondCount: 20,
      peopleCount: 5,
      unpackAt: 1_700_000_060,
      sendUserId: "42",
      sendUserAvatar: PICTURE,
    };
    assertEquals(ownFields(decoded("WebcastEnvelopeMessage", { envelopeInfo, display: 1 })), {
      type: "envelope",
      envelopeId: "71",
      status: "shown",
      businessType: 1,
      sender: { id: "42", nickname: "Some Viewer", avatarUrl: IMAGE_URL },
      diamonds: 20,
      people: 5,
      opensAt: 1_700_000_060_000,
    });
    const hidden = decoded("WebcastEnvelopeMessage", { display: 2 });
    assertEquals(hidden.type === "envelope" && [hidden.status, hidden.opensAt], ["hidden", undefined]);
  });

  it("gives goals with their parts and who moved them on", () => {
    const gift = { name: "Rose", icon: PICTURE, diamondCount: "1" };
    const goal = {
      id: "9",
      description: "a song",
      startTime: "1700000000",
      expireTime: "1700003600",
      subGoals: [{ id: "5655", progress: "3", target: "10", gift }],
    };
    const contributor = { contributorId: "42", contributorDisplayId: "some.viewer", contributorAvatar: PICTURE };
    assertEquals(ownFields(decoded("WebcastGoalUpdateMessage", { goal, ...contributor, contributeCount: "2" })), {
      type: "goal",
      goalId: "9",
      text: "a song",
      parts: [{ id: "5655", name: "Rose", imageUrl: IMAGE_URL, diamonds: 1, progress: 3, target: 10 }],
      startsAt: 1_700_000_000_000,
      endsAt: 1_700_003_600_000,
      contributor: { id: "42", username: "some.viewer", avatarUrl: IMAGE_URL },
      count: 2,
    });
  });

  it("tells the start, the votes and the end of a poll apart", () => {
    const optionList = [{ displayContent: "yes", votes: "4" }, { displayContent: "no", optionIdx: 1 }];
    const options = [{ index: 0, text: "yes", votes: 4 }, { index: 1, text: "no", votes: 0 }];
    const startContent = {
      startTime: "1700000000000",
      endTime: "1700000060000",
      optionList,
      title: "again?",
      operator: PERSON,
    };
    const { user, ...start } = ownFields(decoded("WebcastPollMessage", { pollId: "3", startContent }));
    assertEquals(names(user), NAMES);
    assertEquals(start, {
      type: "poll",
      pollId: "3",
      status: "started",
      title: "again?",
      options,
      startsAt: 1_700_000_000_000,
      endsAt: 1_700_000_060_000,
    });
    const votes = decoded("WebcastPollMessage", { pollId: "3", updateVotesContent: { optionList } });
    assertEquals(votes.type === "poll" && [votes.status, votes.options], ["votes", options]);
    const end = decoded("WebcastPollMessage", { pollId: "3", endContent: { optionList, operator: PERSON } });
    assertEquals(end.type === "poll" && [end.status, end.options, end.user?.id], ["ended", options, "42"]);
  });

  it("gives the host's places in rankings", () => {
    const updates = [{ rankType: 1, ownRank: "12", defaultContent: { key: "k", defaultPattern: "Daily ranking" } }];
    assertEquals(ownFields(decoded("WebcastRankUpdateMessage", { updates })), {
      type: "rank",
      places: [{ rankType: 1, place: 12, before: undefined, text: "Daily ranking" }],
    });
    const change = { ownerIdxBeforeUpdate: "9", ownerIdxAfterUpdate: "4" };
    const text = { otherGetBadgeMsg: { defaultPattern: "now number 4" } };
    assertEquals(ownFields(decoded("WebcastRankTextMessage", { ...change, ...text })), {
      type: "rank",
      places: [{ rankType: 0, place: 4, before: 9, text: "now number 4" }],
    });
  });
});

describe("decodeMessage() of room notices", () => {
  it("gives a pinned chat line with its author, its text and who pinned it", () => {
    const event = decoded("WebcastRoomPinMessage", {
      chatMessage: { common: { msgId: "77" }, user: PERSON, content: "read this" },
      method: "WebcastChatMessage",
      pinTime: "1700000000123",
      operator: { id: "43" },
      action: 1,
      displayDuration: "60",
      pinMsgId: "99",
    });
    const { user, operator, ...own } = ownFields(event);
    assertEquals([names(user), (operator as { id: string }).id], [NAMES, "43"]);
    assertEquals(own, {
      type: "pin",
      action: "pinned",
      pinnedMethod: "WebcastChatMessage",
      pinnedId: "77",
      text: "read this",
      pinnedAt: 1_700_000_000_123,
      durationMs: 60_000,
    });
  });

  it("finds the person of every kind of pinned message", () => {
    const pins: MessageFields<Messages["WebcastRoomPinMessage"]>[] = [
      { socialMessage: { user: PERSON } },
      { giftMessage: { user: PERSON } },
      { memberMessage: { user: PERSON } },
      { likeMessage: { user: PERSON } },
    ];
    for (const pin of pins) {
      const event = decoded("WebcastRoomPinMessage", { ...pin, action: 2, pinMsgId: "99" });
      assertEquals(event.type === "pin" && [event.user?.id, event.action, event.pinnedId], ["42", "unpinned", "99"]);
    }
  });

  it("gives deleted messages and people, packed or not", () => {
    const own = ownFields(decoded("WebcastImDeleteMessage", {
      deleteMsgIds: ["18446744073709551615", "5"],
      deleteUserIds: ["42"],
    }));
    assertEquals(own, { type: "deleted", messageIds: ["18446744073709551615", "5"], userIds: ["42"] });
    const writer = new WireWriter();
    writer.bytes(2, new Uint8Array([5, 6]));
    const event = decodeMessage("WebcastImDeleteMessage", writer.finish());
    assertEquals(event.type === "deleted" && event.messageIds, ["5", "6"]);
  });

  it("gives a barrage's person, text and level", () => {
    const { user, ...own } = ownFields(decoded("WebcastBarrageMessage", {
      msgType: 8,
      icon: PICTURE,
      content: { key: "a_key", defaultPattern: "reached level" },
      commonBarrageContent: { key: "another", defaultPattern: "not this" },
      userGradeParam: { currentGrade: 30, user: PERSON },
    }));
    assertEquals(names(user), NAMES);
    assertEquals(own, {
      type: "barrage",
      kind: 8,
      key: "a_key",
      text: "reached level",
      level: 30,
      subscriptions: undefined,
      imageUrl: IMAGE_URL,
    });
    const gifted = decoded("WebcastBarrageMessage", {
      commonBarrageContent: { key: "ttlive_superfan" },
      subscribeGiftParam: { giftSubCount: "5" },
    });
    assertEquals(gifted.type === "barrage" && [gifted.key, gifted.subscriptions], ["ttlive_superfan", 5]);
  });

  it("gives a product with its price as shown", () => {
    const popProduct = { title: "Mug", price: "$5.00", imageUrl: IMAGE_URL, productId: "17", shopName: "Mugs" };
    assertEquals(ownFields(decoded("WebcastOecLiveShoppingMessage", { actionType: 1, popProduct })), {
      type: "shopping",
      action: 1,
      product: { id: "17", title: "Mug", price: "$5.00", shopName: "Mugs", imageUrl: IMAGE_URL },
    });
    const none = decoded("WebcastOecLiveShoppingMessage", { actionType: 2 });
    assertEquals(none.type === "shopping" && none.product, undefined);
  });
});

const GUEST = { id: "", username: "", nickname: "", avatarUrl: undefined, roomId: "", points: 0 };

describe("decodeMessage() of links", () => {
  it("gives the guests of a link message's changed list with their points", () => {
    const linkedUsers = [{ user: { ...PERSON, avatarThumb: PICTURE }, field7: "120" }];
    const applied = [{ user: { id: "43" } }];
    const listChangeContent = { linkedUsers, appliedUsers: applied };
    assertEquals(
      ownFields(decoded("WebcastLinkMessage", { messageType: 20, linkerId: "8", scene: 4, listChangeContent })),
      {
        type: "link",
        channelId: "8",
        status: "changed",
        action: 20,
        scene: 4,
        guests: [{ ...GUEST, ...NAMES, avatarUrl: IMAGE_URL, points: 120 }],
      },
    );
    const left = decoded("WebcastLinkMessage", { messageType: 7, leaveContent: { userId: "42" } });
    assertEquals(left.type === "link" && [left.status, left.guests], ["left", [{ ...GUEST, id: "42" }]]);
  });

  it("gives rooms and ids of the link layer's players", () => {
    const user = { userId: "42", roomId: "73" };
    const allUsers = { linkedList: [{ user }], appliedList: [{ user: { userId: "43" } }] };
    const change = decoded("WebcastLinkLayerMessage", { messageType: 11, listChangeContent: { allUsers } });
    const guests = [{ ...GUEST, id: "42", roomId: "73" }];
    assertEquals(change.type === "link" && [change.status, change.guests], ["changed", guests]);
    const left = decoded("WebcastLinkLayerMessage", { messageType: 9, leaveContent: { leaver: user } });
    assertEquals(left.type === "link" && [left.status, left.guests], ["left", guests]);
    const joined = decoded("WebcastLinkLayerMessage", { messageType: 12, joinDirectContent: { joiner: { user } } });
    assertEquals(joined.type === "link" && [joined.status, joined.guests], ["joined", guests]);
    const unheardOf = decoded("WebcastLinkLayerMessage", { messageType: 99 });
    assertEquals(unheardOf.type === "link" && unheardOf.status, "other");
  });

  it("gives the points of guests", () => {
    for (const method of ["WebcastLinkMicMethod", "LinkMicMethod"] as const) {
      const event = decoded(method, { messageType: 4, userId: "42", fanTicket: "9", channelId: "8" });
      assertEquals(event.type === "link" && [event.status, event.channelId, event.guests], [
        "points",
        "8",
        [{ ...GUEST, id: "42", points: 9 }],
      ]);
    }
    const fanTicketRoomNotice = { userFanTicket: [{ userId: "42", fanTicket: "9" }, { userId: "43" }] };
    const event = decoded("WebcastLinkMicFanTicketMethod", { fanTicketRoomNotice });
    assertEquals(event.type === "link" && event.guests, [{ ...GUEST, id: "42", points: 9 }, { ...GUEST, id: "43" }]);
  });
});

describe("decodeMessage() of methods without a flat shape", () => {
  it("gives an `other` event with the typed message, and the person where there is one", () => {
    const event = decoded("WebcastQuestionSelectedMessage", { data: { content: "why?", user: PERSON } });
    assertEquals(event.type === "other" && [event.method, event.user?.username], [
      "WebcastQuestionSelectedMessage",
      "some.viewer",
    ]);
    assertEquals((event.message as Messages["WebcastQuestionSelectedMessage"]).data?.content, "why?");
  });

  it("reads the head of a message that has it as its second field, or its third", () => {
    const weekly = decoded("WebcastWeeklyRankRewardMessage", { userId: "7", reward: { rankType: "weekly_rank" } });
    assertEquals([weekly.type, weekly.id], ["other", "7300000000000000001"]);
    const giftMessageBlob = encodeMessage("WebcastGiftMessage", { common: { msgId: "5" }, giftId: "5655" });
    const event = decoded("WebcastBindingGiftMessage", { giftMessageBlob });
    assertEquals([event.type, event.id], ["other", "7300000000000000001"]);
  });

  it("takes messages under the names that TikTok also sends them by", () => {
    const common = { common: COMMON };
    const verify = encodeMessage("RoomVerifyMessage", { ...common, content: "checking", closeRoom: true });
    const event = decodeMessage("RoomVerifyMessage", verify);
    assertEquals([event.type, (event.message as Messages["RoomVerifyMessage"]).content], ["other", "checking"]);
  });
});
