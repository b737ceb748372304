/**
 * The messages of a busy room, kind by kind, as fields for `encodeMessage`.
 * @module
 */
import type { GiftSpec } from "./gifts.ts";
import type { Random } from "./prng.ts";
import { type Fields, identityFields, type Person, picture, userFields } from "./users.ts";

/** A message without its time. */
export interface MadeMessage {
  method: string;
  /** Fields of the message without `common`. */
  fields: Fields;
  /** Fields of `common` besides method, ids and time. */
  common: Fields;
}

/** Who is there and what was counted so far. */
export interface Scene {
  readonly random: Random;
  readonly host: Person;
  /** The host of the other room in battles. */
  readonly rival: Person;
  /**
   * Someone in the room.
   * @param regularity 1 is anyone; the higher, the likelier someone who is here a lot, with badges to show
   */
  person(regularity: number): Person;
  /** The best givers. */
  top(count: number): Person[];
  readonly totals: Totals;
}

/** What the room counts while it runs. */
export interface Totals {
  likes: number;
  viewers: number;
  visitors: number;
  followers: number;
  hostPoints: number;
}

const CHAT_STARTS = [
  "wait",
  "ok so",
  "honestly",
  "lol",
  "hello from the night shift",
  "first time here",
  "love this",
  "no way",
  "jajaja",
  "bonjour",
  "guten Abend",
  "привет",
  "こんばんは",
  "merhaba",
]; // deno-fmt-ignore
const CHAT_MIDDLES = ["that kettle is", "the plant behind you looks", "this song sounds", "your mic is", "the second one was", "my cat finds it", "the paint there is", "today feels", "that corner is"]; // deno-fmt-ignore
const CHAT_ENDS = ["so good", "a bit loud", "my favourite", "perfect 😂", "unreal 🔥🔥", "wild", "better than yesterday", "kinda cosy ✨", "10/10", "??", "the best part"]; // deno-fmt-ignore
const LANGUAGES = ["en", "en", "en", "en", "es", "de", "fr", "tr", "ru", "ja", "und"];
const SCORE_VERSIONS = Array.from({ length: 18 }, (_, index) => `quality_model_${String(index).padStart(2, "0")}`);
const ENTER_SOURCES = [
  "homepage_hot-live_cell",
  "homepage_follow-live_cell",
  "live_merge-live_cover",
  "others_homepage-others_photo",
  "push",
]; // deno-fmt-ignore

/** A line of chat that nobody wrote. */
export function inventChatText(random: Random): string {
  if (random.chance(0.15)) return random.pick(["🔥🔥🔥", "❤️", "😂😂", "👏", "w", "hi", "🌙✨"]);
  return [random.pick(CHAT_STARTS), random.pick(CHAT_MIDDLES), random.pick(CHAT_ENDS)]
    .filter((_, index) => index === 1 || random.chance(0.7))
    .join(" ");
}

function format(color = "#ffffffff"): Fields {
  return { color, weight: 400 };
}

function displayText(key: string, pattern: string, pieces: Fields[]): Fields {
  return { key, defaultPattern: pattern, defaultFormat: format(), pieces };
}

function userPiece(person: Person): Fields {
  return { type: 11, format: format("#8CE7FFFF"), userValue: { user: userFields(person, "medium") } };
}

/** A chat line. */
export function chatMessage(scene: Scene): MadeMessage {
  const { random } = scene;
  const person = scene.person(1.7);
  const mentioned = random.chance(0.18) ? scene.person(1.7) : undefined;
  const text = inventChatText(random);
  return {
    method: "WebcastChatMessage",
    fields: {
      user: userFields(person, "full"),
      content: mentioned === undefined ? text : `@${mentioned.nickname} ${text}`,
      contentLanguage: random.pick(LANGUAGES),
      userIdentity: identityFields(person),
      commentQualityScores: SCORE_VERSIONS.map((version) => ({ version, score: random.int(0, 100) })),
      ...(mentioned === undefined ? {} : { atUser: userFields(mentioned, "full") }),
    },
    common: { isShowMsg: true, foldType: 1, anchorFoldType: 1, fromIdc: "useast2a" },
  };
}

/** Someone enters. */
export function joinMessage(scene: Scene): MadeMessage {
  const { random } = scene;
  const person = scene.person(0.9);
  scene.totals.visitors += 1;
  scene.totals.viewers = Math.max(50, scene.totals.viewers + random.int(-40, 40));
  const text = displayText("live_room_enter_toast", "{0:user} joined", [userPiece(person)]);
  return {
    method: "WebcastMemberMessage",
    fields: {
      user: userFields(person, "medium"),
      memberCount: scene.totals.viewers,
      enterType: 6,
      action: 1,
      anchorDisplayText: text,
      clientEnterSource: random.pick(ENTER_SOURCES),
      clientEnterType: random.pick(["draw", "click", ""]),
    },
    common: { isShowMsg: true, displayText: text, foldType: 1, anchorFoldType: 2 },
  };
}

/** Taps on the heart. */
export function likeMessage(scene: Scene): MadeMessage {
  const { random } = scene;
  const person = scene.person(6);
  const count = random.int(1, 15);
  scene.totals.likes += count;
  const text = displayText("pm_mt_msg_viewer", "{0:user} liked the LIVE", [{
    type: 1,
    format: format("#FFFFFFCC"),
    stringValue: person.nickname,
  }]);
  // The counter runs backwards now and then, as TikTok's does.
  const total = scene.totals.likes - (random.chance(0.05) ? random.int(1, 60) : 0);
  return {
    method: "WebcastLikeMessage",
    fields: {
      count,
      total,
      user: userFields(person, "medium"),
      specifiedDisplayText: [{ uid: scene.host.id, displayText: text }],
      effectCnt: 1,
      likeEffect: [{ version: 1, effectCnt: 1, effectIntervalMs: 100 }, { effectCnt: 2, effectIntervalMs: 100 }],
    },
    common: { isShowMsg: true, displayText: text, foldType: 1, anchorFoldType: 1 },
  };
}

/** Viewer counts and the best givers. */
export function viewersMessage(scene: Scene): MadeMessage {
  const { random } = scene;
  scene.totals.viewers = Math.max(50, scene.totals.viewers + random.int(-300, 300));
  const top = scene.top(12);
  return {
    method: "WebcastRoomUserSeqMessage",
    fields: {
      ranks: top.map((person, index) => ({
        score: Math.max(0, 4000 - index * 350),
        user: index < 3 ? userFields(person, "brief") : { id: person.id },
        rank: index + 1,
      })),
      total: scene.totals.viewers,
      popularity: scene.totals.viewers,
      totalUser: scene.totals.visitors,
    },
    common: {},
  };
}

/** A follow or a share. */
export function socialMessage(scene: Scene): MadeMessage {
  const { random } = scene;
  const person = scene.person(2);
  if (random.chance(0.4)) {
    const joined = random.chance(0.2) ? random.int(2, 9) : 0;
    const key = joined > 0 ? `pm_mt_guidance_viewer_${joined}_share` : "pm_mt_guidance_share";
    return {
      method: "WebcastSocialMessage",
      fields: {
        user: userFields(person, "medium"),
        shareType: 1,
        action: 3,
        shareTarget: random.pick(["1", "10", "25"]),
        shareCount: joined,
      },
      common: { isShowMsg: true, displayText: displayText(key, "{0:user} shared the LIVE", [userPiece(person)]) },
    };
  }
  scene.totals.followers += 1;
  return {
    method: "WebcastSocialMessage",
    fields: { user: userFields(person, "medium"), action: 1, shareTarget: "", followCount: scene.totals.followers },
    common: {
      isShowMsg: true,
      displayText: displayText("pm_main_follow_message_viewer_2", "{0:user} followed the host", [userPiece(person)]),
    },
  };
}

/**
 * One message of a gift.
 * @param count gifts of the streak so far
 * @param ends whether it is the last of its streak
 */
export function giftMessage(
  scene: Scene,
  gift: GiftSpec,
  giving: { person: Person; groupId: string; count: number; ends: boolean },
): MadeMessage {
  const { person, groupId, count, ends } = giving;
  const image = picture(`gift_${gift.id}`);
  scene.totals.hostPoints += gift.diamonds;
  return {
    method: "WebcastGiftMessage",
    fields: {
      giftId: gift.id,
      fanTicketCount: gift.diamonds * count,
      groupCount: 1,
      repeatCount: count,
      comboCount: count,
      user: userFields(person, "medium"),
      repeatEnd: ends ? 1 : 0,
      groupId: gift.type === 1 ? groupId : "0",
      roomFanTicketCount: scene.totals.hostPoints,
      priority: { queueSizes: [10, 20, 30], priority: 2 },
      gift: {
        image,
        describe: `sent ${gift.name}`,
        duration: 1000,
        id: gift.id,
        forLinkmic: true,
        combo: gift.type === 1,
        type: gift.type,
        diamondCount: gift.diamonds,
        isDisplayedOnPanel: true,
        name: gift.name,
        icon: image,
      },
      logId: `20260101${groupId}`,
      sendType: 1,
      monitorInfo: {
        anchorId: scene.host.id,
        profitapiMessageDur: 40,
        sendProfitapiDur: 12,
        toUserId: scene.host.id,
        fromPlatform: "android",
        fromVersion: "420000",
      },
      orderId: ends ? "" : groupId,
      userIdentity: identityFields(person),
    },
    common: {
      isShowMsg: true,
      describe: `${person.nickname}: gifted the host ${count} ${gift.name}`,
      displayText: displayText("pm_mt_guest_receive_gift_short_touch", "{0:user} sent {1:string} × {2:string}", [
        userPiece(person),
        {
          type: 1,
          format: format(),
          stringValue: gift.name,
          giftValue: { giftId: gift.id, nameRef: { key: `gift_${gift.id}`, defaultPattern: gift.name } },
        },
        { type: 11, format: format(), userValue: { user: userFields(scene.host, "medium") } },
      ]),
    },
  };
}

/** A question to the host. */
export function questionMessage(scene: Scene): MadeMessage {
  const person = scene.person(2);
  return {
    method: "WebcastQuestionNewMessage",
    fields: {
      data: {
        questionId: scene.random.digits(19).replace(/^\d/, "7"),
        content: `${inventChatText(scene.random)}, and how long did it take?`,
        answerStatus: 1,
        user: userFields(person, "medium"),
      },
    },
    common: {},
  };
}

/** A banner, with JSON inside. */
export function bannerMessage(scene: Scene): MadeMessage {
  const data = JSON.stringify({
    data: { banners: [{ id: scene.random.digits(6), title: "Painting week", url: "" }] },
  });
  return {
    method: "WebcastInRoomBannerMessage",
    fields: { data: new TextEncoder().encode(data), position: 1, actionType: 1 },
    common: {},
  };
}

/** A battle that opens or finishes. */
export function battleMessage(scene: Scene, battle: { id: string; open: boolean; startedAtMs: number }): MadeMessage {
  const { rival } = scene;
  const info = (person: Person): Fields => ({
    key: person.id,
    value: {
      user: {
        userId: person.id,
        nickName: person.nickname,
        avatarThumb: picture(`avatar_${person.avatarKey}`),
        displayId: person.username,
      },
    },
  });
  return {
    method: "WebcastLinkMicBattle",
    fields: {
      battleId: battle.id,
      battleSettings: { battleId: battle.id, startTimeMs: String(battle.startedAtMs), duration: 300 },
      action: battle.open ? 4 : 5,
      anchorsInfo: [info(scene.host), info(rival)],
    },
    common: {},
  };
}

/** Points of a battle. */
export function armiesMessage(scene: Scene, battleId: string): MadeMessage {
  const { random } = scene;
  const { rival } = scene;
  const supporters = (): Fields[] =>
    Array.from({ length: 3 }, () => {
      const person = scene.person(9);
      return {
        userId: person.id,
        score: random.int(1, 500),
        nickname: person.nickname,
        avatarThumb: picture(`avatar_${person.avatarKey}`),
      };
    });
  return {
    method: "WebcastLinkMicArmies",
    fields: {
      battleId,
      armies: {
        [scene.host.id]: { userArmies: supporters(), hostScore: random.int(0, 5000), anchorIdStr: scene.host.id },
        [rival.id]: { userArmies: supporters(), hostScore: random.int(0, 5000), anchorIdStr: rival.id },
      },
    },
    common: {},
  };
}
