/**
 * The course of an invented busy room: the mix and the sizes of a real one (35,000 viewers), from a seed. Pure: no
 * clock, no ids; the room adds those when it sends.
 * @module
 */
import { GIFTS } from "./gifts.ts";
import {
  armiesMessage,
  bannerMessage,
  battleMessage,
  chatMessage,
  giftMessage,
  joinMessage,
  likeMessage,
  type MadeMessage,
  questionMessage,
  type Scene,
  socialMessage,
  viewersMessage,
} from "./message_fields.ts";
import { createRandom } from "./prng.ts";
import { inventPerson, type Person, userFields } from "./users.ts";

/** A message that the room has to send at a time since its start. */
export interface PlannedMessage extends MadeMessage {
  /** Milliseconds since the live began. */
  atMs: number;
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

/** Span that {@link BUSY_ROOM_MIX} counts. */
export const MIX_WINDOW_MS = 45_000;
/** Gift messages that one act of giving makes on average: singles make one, streaks two to six. */
const MESSAGES_PER_GIFT = 2.7;
const VIEWERS = 3000;

/** Makes the messages of one live: always the same ones in the same order for a seed. */
export class MessageGenerator {
  readonly #seed: string;
  readonly #scene: Scene;
  readonly #ratePerMs: number;
  readonly #people = new Map<number, Person>();
  readonly #kinds: { kind: Kind; upTo: number }[] = [];
  /** Rest of the gift streaks that run, by time. */
  readonly #streaks: PlannedMessage[] = [];
  readonly #battle = { id: "", open: false, startedAtMs: 0 };
  #nextAtMs: number;

  /**
   * @param rate 1 is the busy room (about 16 messages a second), 0.1 a tenth of it
   */
  constructor(seed: string, host: Person, rate: number) {
    if (!(rate > 0)) {
      throw new RangeError(`Cannot generate messages as 'rate' must be above 0: current value is ${rate}`);
    }
    this.#seed = seed;
    const random = createRandom(`${seed}/messages`);
    this.#scene = {
      random,
      host,
      rival: this.#viewer(VIEWERS),
      // Regulars stand at the head of the list; a power of a uniform number favours them.
      person: (regularity) => this.#viewer(Math.floor(random.next() ** regularity * VIEWERS)),
      top: (count) => Array.from({ length: count }, (_, index) => this.#viewer(index)),
      totals: {
        likes: random.int(1000, 90_000),
        viewers: random.int(20_000, 40_000),
        visitors: random.int(100_000, 300_000),
        followers: host.followers,
        hostPoints: random.int(100, 40_000),
      },
    };
    let total = 0;
    for (const [kind, count] of Object.entries(BUSY_ROOM_MIX) as [Kind, number][]) {
      total += kind === "gift" ? count / MESSAGES_PER_GIFT : count;
      this.#kinds.push({ kind, upTo: total });
    }
    this.#ratePerMs = total / MIX_WINDOW_MS * rate;
    this.#nextAtMs = random.exponential(1 / this.#ratePerMs);
  }

  /** Viewers now and since the start, as the room's web pages show them. */
  get audience(): { viewers: number; visitors: number; likes: number } {
    return this.#scene.totals;
  }

  /** Time of the next message, without making it. */
  get nextAtMs(): number {
    return Math.min(this.#nextAtMs, this.#streaks[0]?.atMs ?? Number.POSITIVE_INFINITY);
  }

  /** Nothing is said before this time. The messages stay the same, they come later. */
  skipTo(atMs: number): void {
    this.#nextAtMs = Math.max(this.#nextAtMs, atMs);
  }

  /** Makes the next message. */
  next(): PlannedMessage {
    const streak = this.#streaks[0];
    if (streak !== undefined && streak.atMs <= this.#nextAtMs) {
      this.#streaks.shift();
      return streak;
    }
    const { random } = this.#scene;
    const atMs = this.#nextAtMs;
    this.#nextAtMs += random.exponential(1 / this.#ratePerMs);
    const roll = random.next() * (this.#kinds.at(-1)?.upTo ?? 0);
    const kind = this.#kinds.find(({ upTo }) => roll < upTo)?.kind ?? "chat";
    return { atMs, ...this.#make(kind, atMs) };
  }

  /** Chats from before the live's first message, oldest first. */
  history(count: number): PlannedMessage[] {
    const random = createRandom(`${this.#seed}/history`);
    const scene = { ...this.#scene, random, person: () => this.#viewer(random.int(0, VIEWERS)) };
    return Array.from({ length: count }, (_, index) => ({ atMs: (index - count) * 700, ...chatMessage(scene) }));
  }

  /** What the room says to a newcomer: the welcome line and the host's introduction. */
  welcome(): MadeMessage[] {
    const { host } = this.#scene;
    return [
      {
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
        method: "WebcastLiveIntroMessage",
        fields: {
          auditStatus: 1,
          content: `${host.nickname} paints, talks and drinks tea`,
          user: userFields(host, "medium"),
          contentLanguage: "en",
        },
        common: { isShowMsg: true },
      },
    ];
  }

  #viewer(index: number): Person {
    let person = this.#people.get(index);
    if (person === undefined) {
      person = inventPerson(createRandom(`${this.#seed}/viewers/${index}`), 1 - index / VIEWERS);
      this.#people.set(index, person);
    }
    return person;
  }

  #make(kind: Kind, atMs: number): MadeMessage {
    const scene = this.#scene;
    switch (kind) {
      case "chat":
        return chatMessage(scene);
      case "join":
        return joinMessage(scene);
      case "like":
        return likeMessage(scene);
      case "viewers":
        return viewersMessage(scene);
      case "social":
        return socialMessage(scene);
      case "gift":
        return this.#gift(atMs);
      case "question":
        return questionMessage(scene);
      case "banner":
        return bannerMessage(scene);
      case "battle":
        if (!this.#battle.open) this.#battle.startedAtMs = Math.round(atMs);
        this.#battle.open = !this.#battle.open;
        if (this.#battle.open) this.#battle.id = longId(scene);
        return battleMessage(scene, this.#battle);
      case "armies":
        if (this.#battle.id === "") this.#battle.id = longId(scene);
        return armiesMessage(scene, this.#battle.id);
    }
  }

  /** One act of giving; the rest of a streak is planned for the seconds that follow. */
  #gift(atMs: number): MadeMessage {
    const scene = this.#scene;
    const { random } = scene;
    const gift = random.pick(GIFTS);
    const giving = { person: scene.person(4), groupId: longId(scene), count: 1, ends: true };
    if (gift.type !== 1) return giftMessage(scene, gift, giving);
    const steps = random.int(1, 5);
    let count = random.int(1, 3);
    const first = giftMessage(scene, gift, { ...giving, count, ends: false });
    let stepAtMs = atMs;
    for (let step = 1; step <= steps; step++) {
      stepAtMs += 400 + random.exponential(700);
      const ends = step === steps;
      // The closing message repeats the last count.
      if (!ends) count += random.int(1, 4);
      this.#streaks.push({ atMs: stepAtMs, ...giftMessage(scene, gift, { ...giving, count, ends }) });
    }
    this.#streaks.sort((one, other) => one.atMs - other.atMs);
    return first;
  }
}

function longId(scene: Scene): string {
  return `7${scene.random.digits(18)}`;
}
