/**
 * Two decoders, one truth: what the pull readers say must follow from what the generated code says, on recorded
 * messages and on random ones. The projections below are written from the generated side alone.
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import process from "node:process";
import { descriptor, type FieldRow, methods } from "../gen/descriptor.ts";
import type * as wire from "../gen/messages.ts";
import { encodeMessage } from "../testing/encode.ts";
import { decodeMessage } from "./decode.ts";
import type { Badge, KnownMethod, WireEvent } from "./types.ts";

const RECEIVED_AT = 1_700_000_000_000;

const id = (value: string | undefined): string => value === undefined || value === "0" ? "" : value;
const picture = (image: wire.ImageModel | undefined): string | undefined => image?.urlList.find((url) => url !== "");
const levelOf = (value: number | string | undefined): number | undefined =>
  value === undefined || Number(value) === 0 ? undefined : Number(value);

function badgeOf(badge: wire.BadgeStruct): Badge {
  const kinds: Record<number, Badge["kind"]> = {
    1: "moderator",
    4: "subscriber",
    7: "subscriber",
    6: "top_rank",
    8: "gifter",
    10: "fan",
  };
  const level = badge.privilegeLogExtra?.level ?? "";
  // On the wire the shapes stand in the order of their numbers, and the last one that has a text prints it.
  const texts = [badge.text?.defaultPattern, badge.str?.str, badge.combine?.str].filter((text) =>
    text !== undefined && text !== ""
  );
  const images = [badge.image?.image, badge.combine?.icon].map(picture).filter((url) => url !== undefined);
  return {
    kind: kinds[badge.sceneType] ?? "other",
    sceneType: badge.sceneType,
    ...(/^\d{1,9}$/.test(level) ? { level: Number(level) } : {}),
    ...(texts.length > 0 ? { text: texts.at(-1) } : {}),
    ...(images.length > 0 ? { imageUrl: images.at(-1) } : {}),
  };
}

function userOf(user: wire.User | undefined, identity?: wire.UserIdentity): Record<string, unknown> {
  const badges = (user?.badgeList ?? []).map(badgeOf);
  const has = (kind: Badge["kind"]): boolean => badges.some((badge) => badge.kind === kind);
  const badgeLevel = (kind: Badge["kind"]): number | undefined =>
    badges.filter((badge) => badge.kind === kind && badge.level !== undefined).at(-1)?.level;
  const follows = Number(user?.followInfo?.followStatus ?? 0) > 0 || Number(user?.followStatus ?? 0) > 0 ||
    user?.isFollower === true;
  return {
    id: id(user?.id),
    username: user?.displayId ?? "",
    nickname: user?.nickname ?? "",
    avatarUrl: picture(user?.avatarThumb) ?? picture(user?.avatarMedium) ?? picture(user?.avatarLarge),
    secUid: user?.secUid || undefined,
    verified: user?.verified ?? false,
    badges,
    moderator: user?.userAttr?.isAdmin === true || identity?.isModeratorOfAnchor === true || has("moderator"),
    subscriber: user?.isSubscribe === true || user?.subscribeInfo?.isSubscribe === true ||
      identity?.isSubscriberOfAnchor === true || has("subscriber"),
    followsHost: follows || identity?.isFollowerOfAnchor === true || identity?.isMutualFollowingWithAnchor === true,
    fanLevel: badgeLevel("fan") ?? levelOf(user?.fansClubInfo?.fansLevel) ?? levelOf(user?.fansClub?.data?.level),
    gifterLevel: badgeLevel("gifter") ?? levelOf(user?.payGrade?.level),
  };
}

const armiesOf = (hostId: string, armies: wire.BattleUserArmies | undefined) => ({
  hostId: id(hostId),
  points: Number(armies?.hostScore ?? 0),
  supporters: (armies?.userArmies ?? []).map((one) => ({
    id: id(one.userId),
    nickname: one.nickname,
    avatarUrl: picture(one.avatarThumb),
    points: Number(one.score),
  })),
});

/** Own fields of the event, from the whole message. */
function expected(method: string, message: object): Record<string, unknown> {
  switch (method) {
    case "WebcastChatMessage": {
      const chat = message as wire.WebcastChatMessage;
      return {
        type: "chat",
        user: userOf(chat.user, chat.userIdentity),
        text: chat.content,
        language: chat.contentLanguage,
        emotes: chat.emotes.map(({ index, emote }) => ({
          index,
          id: emote?.emoteId ?? "",
          imageUrl: picture(emote?.image),
        })),
        mentions: chat.atUser === undefined ? [] : [userOf(chat.atUser)],
      };
    }
    case "WebcastGiftMessage": {
      const gift = message as wire.WebcastGiftMessage;
      const total = Math.max(1, gift.repeatCount);
      const giftType = gift.gift?.type ?? 0;
      const single = giftType === 0 ? gift.groupId === "0" : giftType !== 1;
      const diamonds = gift.gift?.diamondCount ?? 0;
      return {
        type: "gift",
        user: userOf(gift.user, gift.userIdentity),
        giftId: id(gift.giftId),
        name: gift.gift?.name ?? "",
        describe: gift.gift?.describe ?? "",
        giftType,
        imageUrl: picture(gift.gift?.image),
        diamonds,
        count: total,
        total,
        value: diamonds * total,
        streak: {
          id: id(gift.groupId),
          ended: single || gift.repeatEnd !== 0,
          closedBy: single ? "single" : gift.repeatEnd !== 0 ? "repeat_end" : undefined,
        },
        to: gift.toUser === undefined ? undefined : userOf(gift.toUser),
        details: undefined,
      };
    }
    case "WebcastMemberMessage": {
      const member = message as wire.WebcastMemberMessage;
      const user = userOf(member.user);
      if (member.action > 1 || member.action < 0) {
        if (member.action === 3) return { type: "subscribe", user, months: undefined };
        if (member.action === 5 || member.action === 6) {
          const operator = member.operator === undefined ? undefined : userOf(member.operator);
          return { type: "moderator", user, action: member.action === 5 ? "added" : "removed", operator };
        }
        return { type: "other", user };
      }
      return { type: "join", user, viewers: member.memberCount, joinedThrough: member.clientEnterSource };
    }
    case "WebcastSocialMessage": {
      const social = message as wire.WebcastSocialMessage;
      const user = userOf(social.user);
      const key = social.common?.displayText?.key ?? "";
      const action = Number(social.action);
      if (key.includes("follow") || (!key.includes("share") && action === 1)) {
        return { type: "follow", user, followers: Number(social.followCount) };
      }
      if (key.includes("share") || (action >= 2 && action <= 5)) {
        return {
          type: "share",
          user,
          sharedTo: social.shareTarget === "-1" ? "" : social.shareTarget,
          joined: Number(/_viewer_(\d+)_share/.exec(key)?.[1] ?? 0),
        };
      }
      return { type: "other", user };
    }
    case "WebcastLikeMessage": {
      const like = message as wire.WebcastLikeMessage;
      const { key = "", defaultPattern = "" } = like.common?.displayText ?? {};
      const total = Number(like.total);
      return {
        type: "like",
        user: userOf(like.user),
        count: like.count,
        total,
        displayType: key,
        label: defaultPattern,
      };
    }
    case "WebcastRoomUserSeqMessage": {
      const seq = message as wire.WebcastRoomUserSeqMessage;
      const top = seq.ranks.map(({ rank, score, user }) => ({
        rank: Number(rank),
        score: Number(score),
        user: userOf(user),
      }));
      return { type: "viewers", count: Number(seq.total), total: Number(seq.totalUser), top };
    }
    case "WebcastSubNotifyMessage": {
      const sub = message as wire.WebcastSubNotifyMessage;
      return { type: "subscribe", user: userOf(sub.user), months: levelOf(sub.subMonth) };
    }
    case "WebcastQuestionNewMessage": {
      const { data } = message as wire.WebcastQuestionNewMessage;
      return { type: "question", user: userOf(data?.user), text: data?.content ?? "" };
    }
    case "WebcastControlMessage": {
      const { action, tips } = message as wire.WebcastControlMessage;
      const names = ["paused", "resumed", "ended", "suspended"];
      return { type: "control", action: names[action - 1] ?? "other", code: action, text: tips };
    }
    case "WebcastLiveIntroMessage": {
      const intro = message as wire.WebcastLiveIntroMessage;
      return { type: "intro", user: userOf(intro.user), text: intro.content, title: "" };
    }
    case "WebcastRoomMessage":
    case "RoomMessage": {
      const room = message as wire.WebcastRoomMessage;
      return { type: "room_message", kind: room.isWelcome ? "welcome" : "system", text: room.content };
    }
    case "WebcastInRoomBannerMessage": {
      const banner = message as wire.WebcastInRoomBannerMessage;
      let data: unknown;
      try {
        data = JSON.parse(new TextDecoder().decode(banner.data));
      } catch {
        data = undefined;
      }
      return { type: "banner", data };
    }
    case "WebcastLinkMicBattle": {
      const battle = message as wire.WebcastLinkMicBattle;
      const results = Object.entries(battle.battleResult).map(([hostId, { score }]) =>
        armiesOf(hostId, { hostScore: score, userArmies: [], anchorIdStr: "" })
      );
      return {
        type: "battle",
        battleId: id(battle.battleId),
        status: battle.action === 4 ? "opened" : battle.action === 5 ? "finished" : "other",
        action: battle.action,
        hosts: battle.anchorsInfo.map(({ key, value }) => ({
          id: id(value?.user?.userId) || id(key),
          username: value?.user?.displayId ?? "",
          nickname: value?.user?.nickName ?? "",
          avatarUrl: picture(value?.user?.avatarThumb),
        })),
        teams: battle.armies.length > 0 ? battle.armies.map(({ key, value }) => armiesOf(key, value)) : results,
      };
    }
    case "WebcastLinkMicArmies": {
      const armies = message as wire.WebcastLinkMicArmies;
      const teams = Object.entries(armies.armies).map(([hostId, one]) => armiesOf(hostId, one));
      return { type: "battle_scores", battleId: id(armies.battleId), status: armies.triggerReason, teams };
    }
    default:
      throw new Error(`${method} has no projection`);
  }
}

/** Head of the event, from the whole message. */
function expectedHead(common: wire.CommonMessageData | undefined): Record<string, unknown> {
  const time = Number(common?.createTime ?? 0);
  return {
    id: id(common?.msgId),
    roomId: id(common?.roomId),
    at: time <= 0 ? RECEIVED_AT : time < 1e11 ? time * 1000 : time,
  };
}

function assertSame(method: string, bytes: Uint8Array): WireEvent {
  const event = decodeMessage(method, bytes, { receivedAt: RECEIVED_AT });
  const message = event.message as { common?: wire.CommonMessageData } | undefined;
  assert(message !== undefined, `${method} does not decode as a whole`);
  const plain = event.toJSON();
  const head = { method, receivedAt: RECEIVED_AT, history: false, ...expectedHead(message.common) };
  assertEquals(plain, { ...head, ...expected(method, message) });
  return event;
}

const MAX_DEPTH = 4;

function valueOf(row: FieldRow, depth: number): fc.Arbitrary<unknown> {
  switch (row.type) {
    case "string":
      return fc.oneof(
        { weight: 4, arbitrary: fc.string({ unit: "grapheme", maxLength: 40 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 50 }).map(String) },
        { weight: 1, arbitrary: fc.constantFrom("pm_main_follow_message", "pm_mt_guidance_viewer_12_share", "-1") },
      );
    case "bytes":
      return fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.json().map((text) => new TextEncoder().encode(text)));
    case "bool":
      return fc.boolean();
    case "int32":
      return fc.oneof(fc.integer({ min: -1, max: 12 }), fc.integer());
    case "int64":
      return fc.oneof(fc.integer({ min: 0, max: 12 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    case "uint64":
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    default:
      return messageOf(row.type, depth + 1);
  }
}

function fieldOf(row: FieldRow, depth: number): fc.Arbitrary<unknown> {
  const value = valueOf(row, depth);
  if (row.rule === "repeated") return fc.array(value, { maxLength: 2 });
  if (row.rule !== "map") return value;
  // Keys that JavaScript keeps in the order of insertion, as the wire does.
  return fc.dictionary(fc.bigInt({ min: 2n ** 60n, max: 2n ** 63n }).map(String), value, {
    maxKeys: 2,
    noNullPrototype: true,
  });
}

/** A message with any of its fields; deep down only those that are no messages. */
function messageOf(type: string, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const row of descriptor[type] ?? []) {
    const embedded = row.type in descriptor;
    if (embedded && depth >= MAX_DEPTH) continue;
    if (row.rule === "map" && row.key === "int32") continue;
    model[row.name] = fc.option(fieldOf(row, depth), { nil: undefined, freq: embedded && depth > 1 ? 1 : 2 });
  }
  return fc.record(model, { noNullPrototype: true });
}

/** Methods with a projection above; features_test.ts holds the other flat events to their messages. */
const PROJECTED: readonly KnownMethod[] = [
  "RoomMessage",
  "WebcastChatMessage",
  "WebcastControlMessage",
  "WebcastGiftMessage",
  "WebcastInRoomBannerMessage",
  "WebcastLikeMessage",
  "WebcastLinkMicArmies",
  "WebcastLinkMicBattle",
  "WebcastLiveIntroMessage",
  "WebcastMemberMessage",
  "WebcastQuestionNewMessage",
  "WebcastRoomMessage",
  "WebcastRoomUserSeqMessage",
  "WebcastSocialMessage",
  "WebcastSubNotifyMessage",
];

describe("flat events and the whole message", () => {
  for (const method of PROJECTED) {
    const type = methods[method] ?? "";
    it(`agree on random ${method}`, () => {
      fc.assert(
        fc.property(messageOf(type), (fields) => {
          assertSame(method, encodeMessage(method, fields));
        }),
        { numRuns: 60 },
      );
    });
  }

  it("agree on every recorded message", (context) => {
    const file = new URL("../../../../shared/captures/messages.ndjson", import.meta.url);
    if (!existsSync(file)) {
      assert(process.env["CI"] !== "true", "the captures are missing");
      return context.skip("SKIPPED: ../shared/captures is not there");
    }
    let compared = 0;
    for (const line of readFileSync(file, "utf8").trim().split("\n")) {
      const { method, payload, msgId } = JSON.parse(line) as { method: string; payload: string; msgId: string };
      if (!PROJECTED.some((projected) => projected === method)) continue;
      try {
        const event = assertSame(method, new Uint8Array(Buffer.from(payload, "base64")));
        assertEquals(event.id, msgId);
      } catch {
        // The messages name real people: a failure says which one it was, not what is in it.
        throw new Error(`the two decoders disagree on message ${msgId}, a ${method}`);
      }
      compared++;
    }
    assert(compared > 700, `only ${compared} messages were compared`);
  });
});
