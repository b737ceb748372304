/**
 * Messages of an invented busy room: the mix, the fields and the sizes of a real one (35,000 viewers), from a seed.
 * Pure: no clock, no ids; the room adds those when it sends.
 * @module
 */
import { GIFTS, type GiftSpec } from "./gifts.ts";
import type { Random } from "./prng.ts";
import { type Fields, identityFields, inventPerson, type Person, picture, userFields } from "./users.ts";

/** A message that the room has to send at a time since its start. */
export interface PlannedMessage {
  /** Milliseconds since the live began. */
  atMs: number;
  method: string;
  /** Fields of the message without `common`. */
  fields: Fields;
  /** Fields of `common` besides method, ids and time. */
  common: Fields;
}

/**
 * Messages by kind in 45 s of a busy room: the first six as counted in a real one of 35,000 viewers, the rest
 * now and then.
 */
export const BUSY_ROOM_MIX = {
  chat: 534,
  join: 108,
  like: 48,
  viewers: 22,
  social: 21,
  gift: 9,
  question: 1,
  banner: 0.5,
  battle: 0.5,
  armies: 1.5,
} as const;

type Kind = keyof typeof BUSY_ROOM_MIX;

const MIX_WINDOW_MS = 45_000;
/** Gift messages that one act of giving makes on average: singles make one, streaks two to six. */
const MESSAGES_PER_GIFT = 2.9;
const VIEWERS = 3000;

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

/** What the room counts while it runs. */
interface Totals {
  likes: number;
  viewers: number;
  visitors: number;
  followers: number;
  hostPoints: number;
}

/** Makes the messages of one live. */
export class MessageGenerator {
  readonly #random: Random;
  readonly #host: Person;
  readonly #ratePerMs: number;
  readonly #people: Person[];
  readonly #kinds: { kind: Kind; upTo: number }[] = [];
  readonly #totals: Totals;
  /** Rest of the gift streaks that run, by time. */
  readonly #streaks: PlannedMessage[] = [];
  #nextAtMs: number;
  #battleId = "";
  #battleOpen = false;

  /**
   * @param random the live's random numbers; all that comes out depends on nothing else
   * @param rate 1 is the busy room (about 16 messages a second), 0.1 a tenth of it
   */
  constructor(random: Random, host: Person, rate: number) {
    if (!(rate > 0)) {
      throw new RangeError(`Cannot generate messages as 'rate' must be above 0: current value is ${rate}`);
    }
    this.#random = random;
    this.#host = host;
    this.#people = Array.from({ length: VIEWERS }, () => inventPerson(random));
    let total = 0;
    for (const [kind, count] of Object.entries(BUSY_ROOM_MIX) as [Kind, number][]) {
      total += kind === "gift" ? count / MESSAGES_PER_GIFT : count;
      this.#kinds.push({ kind, upTo: total });
    }
    this.#ratePerMs = total / MIX_WINDOW_MS * rate;
    this.#totals = {
      likes: random.int(1000, 90_000),
      viewers: random.int(20_000, 40_000),
      visitors: random.int(100_000, 300_000),
      followers: host.followers,
      hostPoints: random.int(100, 40_000),
    };
    this.#nextAtMs = random.exponential(1 / this.#ratePerMs);
  }

  /** Viewers now and since the start, as the room's web pages show them. */
  get audience(): { viewers: number; visitors: number; likes: number } {
    return this.#totals;
  }

  /** Time of the next message, without making it. */
  get nextAtMs(): number {
    return Math.min(this.#nextAtMs, this.#streaks[0]?.atMs ?? Number.POSITIVE_INFINITY);
  }

  /** Makes the next message. */
  next(): PlannedMessage {
    const streak = this.#streaks[0];
    if (streak !== undefined && streak.atMs <= this.#nextAtMs) {
      this.#streaks.shift();
      return streak;
    }
    const atMs = this.#nextAtMs;
    this.#nextAtMs += this.#random.exponential(1 / this.#ratePerMs);
    const roll = this.#random.next() * (this.#kinds.at(-1)?.upTo ?? 0);
    const kind = this.#kinds.find(({ upTo }) => roll < upTo)?.kind ?? "chat";
    return { atMs, ...this.#make(kind, atMs) };
  }

  /** Chats from before the join, oldest first. */
  history(count: number): PlannedMessage[] {
    return Array.from({ length: count }, (_, index) => ({ atMs: (index - count) * 700, ...this.#chat() }));
  }

  /** What the room says to a newcomer: the welcome line and the host's introduction. */
  welcome(): PlannedMessage[] {
    return [
      {
        atMs: 0,
        method: "WebcastRoomMessage",
        fields: {
          content: "Welcome! Be kind to each other. Everything in this room is invented.",
          supportLandscape: true,
          source: 1,
          isWelcome: true,
        },
        common: { isShowMsg: true },
      },
      {
        atMs: 0,
        method: "WebcastLiveIntroMessage",
        fields: {
          auditStatus: 1,
          content: `${this.#host.nickname} paints, talks and drinks tea`,
          user: userFields(this.#host, "medium"),
          contentLanguage: "en",
        },
        common: { isShowMsg: true },
      },
    ];
  }

  #make(kind: Kind, atMs: number): Omit<PlannedMessage, "atMs"> {
    switch (kind) {
      case "chat":
        return this.#chat();
      case "join":
        return this.#join();
      case "like":
        return this.#like();
      case "viewers":
        return this.#viewers();
      case "social":
        return this.#social();
      case "gift":
        return this.#gift(atMs);
      case "question":
        return this.#question();
      case "banner":
        return this.#banner();
      case "battle":
        return this.#battle(atMs);
      case "armies":
        return this.#armies();
    }
  }

  #person(): Person {
    // A few talk a lot: the square of a uniform number favours the head of the list.
    const index = Math.floor(this.#random.next() ** 2 * this.#people.length);
    return this.#people[index] ?? this.#host;
  }

  #chat(): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    const person = this.#person();
    const mentioned = random.chance(0.18) ? this.#person() : undefined;
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

  #join(): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    const person = this.#person();
    this.#totals.visitors += 1;
    this.#totals.viewers = Math.max(50, this.#totals.viewers + random.int(-40, 40));
    const text = displayText("live_room_enter_toast", "{0:user} joined", [userPiece(person)]);
    return {
      method: "WebcastMemberMessage",
      fields: {
        user: userFields(person, "medium"),
        memberCount: this.#totals.viewers,
        enterType: 6,
        action: 1,
        anchorDisplayText: text,
        clientEnterSource: random.pick(ENTER_SOURCES),
        clientEnterType: random.pick(["draw", "click", ""]),
      },
      common: { isShowMsg: true, displayText: text, foldType: 1, anchorFoldType: 2 },
    };
  }

  #like(): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    const person = this.#person();
    const count = random.int(1, 15);
    this.#totals.likes += count;
    const text = displayText("pm_mt_msg_viewer", "{0:user} liked the LIVE", [{
      type: 1,
      format: format("#FFFFFFCC"),
      stringValue: person.nickname,
    }]);
    // The counter runs backwards now and then, as TikTok's does.
    const total = this.#totals.likes - (random.chance(0.05) ? random.int(1, 60) : 0);
    return {
      method: "WebcastLikeMessage",
      fields: {
        count,
        total,
        user: userFields(person, "medium"),
        specifiedDisplayText: [{ uid: this.#host.id, displayText: text }],
        effectCnt: 1,
        likeEffect: [{ version: 1, effectCnt: 1, effectIntervalMs: 100 }, { effectCnt: 2, effectIntervalMs: 100 }],
      },
      common: { isShowMsg: true, displayText: text, foldType: 1, anchorFoldType: 1 },
    };
  }

  #viewers(): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    this.#totals.viewers = Math.max(50, this.#totals.viewers + random.int(-300, 300));
    const top = this.#people.slice(0, 12);
    return {
      method: "WebcastRoomUserSeqMessage",
      fields: {
        ranks: top.map((person, index) => ({
          score: Math.max(0, 4000 - index * 350),
          user: index < 5 ? userFields(person, "brief") : { id: person.id },
          rank: index + 1,
        })),
        total: this.#totals.viewers,
        popularity: this.#totals.viewers,
        totalUser: this.#totals.visitors,
      },
      common: {},
    };
  }

  #social(): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    const person = this.#person();
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
    this.#totals.followers += 1;
    return {
      method: "WebcastSocialMessage",
      fields: { user: userFields(person, "medium"), action: 1, shareTarget: "", followCount: this.#totals.followers },
      common: {
        isShowMsg: true,
        displayText: displayText("pm_main_follow_message_viewer_2", "{0:user} followed the host", [userPiece(person)]),
      },
    };
  }

  /** One act of giving; the rest of a streak is planned for the seconds that follow. */
  #gift(atMs: number): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    const person = this.#person();
    const gift = random.pick(GIFTS);
    const groupId = random.digits(19).replace(/^\d/, "7");
    if (gift.type !== 1) return this.#giftMessage(person, gift, groupId, 1, true);
    const steps = random.int(1, 5);
    let count = random.int(1, 3);
    const first = this.#giftMessage(person, gift, groupId, count, false);
    let stepAtMs = atMs;
    for (let step = 1; step <= steps; step++) {
      stepAtMs += 400 + random.exponential(700);
      const ends = step === steps;
      // The closing message repeats the last count.
      if (!ends) count += random.int(1, 4);
      this.#streaks.push({ atMs: stepAtMs, ...this.#giftMessage(person, gift, groupId, count, ends) });
    }
    this.#streaks.sort((one, other) => one.atMs - other.atMs);
    return first;
  }

  #giftMessage(
    person: Person,
    gift: GiftSpec,
    groupId: string,
    count: number,
    ends: boolean,
  ): Omit<PlannedMessage, "atMs"> {
    const image = picture(`gift_${gift.id}`);
    this.#totals.hostPoints += gift.diamonds;
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
        roomFanTicketCount: this.#totals.hostPoints,
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
          anchorId: this.#host.id,
          profitapiMessageDur: 40,
          sendProfitapiDur: 12,
          toUserId: this.#host.id,
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
          { type: 11, format: format(), userValue: { user: userFields(this.#host, "medium") } },
        ]),
      },
    };
  }

  #question(): Omit<PlannedMessage, "atMs"> {
    const person = this.#person();
    return {
      method: "WebcastQuestionNewMessage",
      fields: {
        data: {
          questionId: this.#random.digits(19).replace(/^\d/, "7"),
          content: `${inventChatText(this.#random)}, and how long did it take?`,
          answerStatus: 1,
          user: userFields(person, "medium"),
        },
      },
      common: {},
    };
  }

  #banner(): Omit<PlannedMessage, "atMs"> {
    const data = JSON.stringify({
      data: { banners: [{ id: this.#random.digits(6), title: "Painting week", url: "" }] },
    });
    return {
      method: "WebcastInRoomBannerMessage",
      fields: { data: new TextEncoder().encode(data), position: 1, actionType: 1 },
      common: {},
    };
  }

  #battle(atMs: number): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    this.#battleOpen = !this.#battleOpen;
    if (this.#battleOpen) this.#battleId = random.digits(19).replace(/^\d/, "7");
    const rival = this.#people[1] ?? this.#host;
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
        battleId: this.#battleId,
        battleSettings: { battleId: this.#battleId, startTimeMs: String(Math.round(atMs)), duration: 300 },
        action: this.#battleOpen ? 4 : 5,
        anchorsInfo: [info(this.#host), info(rival)],
      },
      common: {},
    };
  }

  #armies(): Omit<PlannedMessage, "atMs"> {
    const random = this.#random;
    const rival = this.#people[1] ?? this.#host;
    const supporters = (): Fields[] =>
      Array.from({ length: 3 }, () => {
        const person = this.#person();
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
        battleId: this.#battleId === "" ? random.digits(19).replace(/^\d/, "7") : this.#battleId,
        armies: {
          [this.#host.id]: { userArmies: supporters(), hostScore: random.int(0, 5000), anchorIdStr: this.#host.id },
          [rival.id]: { userArmies: supporters(), hostScore: random.int(0, 5000), anchorIdStr: rival.id },
        },
      },
      common: {},
    };
  }
}
