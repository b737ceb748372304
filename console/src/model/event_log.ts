import type { ApiEvent } from "../api.ts";

/** Types of events that the console shows; the others of a room, such as joins, are not asked for. */
export const SHOWN_TYPES = [
  ...["chat", "gift", "like", "follow", "share", "subscribe", "viewers", "battle", "battle_scores"],
  ...["control", "connected", "state", "gap", "ended"],
] as const;

/** Somebody in the room. */
export interface Person {
  id: string;
  username: string;
  nickname: string;
}

/** A line of the chat. */
export interface Line {
  /** When the recorder got it, ms: the clock that the video is on, too. */
  atMs: number;
  kind: "chat" | "gift" | "follow" | "share" | "subscribe";
  person: Person;
  /** Text of a chat message; of a gift, what was given. */
  text: string;
  /** Worth of a gift. */
  diamonds: number;
  /** Names and text in small letters, for searches. */
  folded: string;
}

/** What was counted in a second. */
export interface Second {
  chats: number;
  diamonds: number;
  likes: number;
  /** Newest number of the room's likes, where one was told. */
  likesSoFar?: number;
  /** Newest number of viewers, where one was told. */
  viewers?: number;
}

/** Something of the connection, or of the live as a whole, that is worth a mark on the bar of time. */
export interface Break {
  /** `lost` is a connection that broke, `paused` a host who stopped the picture. */
  kind: "gap" | "reconnect" | "lost" | "paused" | "ended";
  fromMs: number;
  /** Missing while it lasts. */
  toMs: number | undefined;
  /** As the event tells it. */
  reason: string;
  /** Events that were dropped, where that is known. */
  dropped?: number | undefined;
}

/** A battle between hosts. */
export interface Battle {
  fromMs: number;
  /** Missing while it runs. */
  toMs: number | undefined;
  /** Who takes part, and the newest points of each. */
  hosts: { id: string; name: string; points: number | undefined }[];
}

/** Somebody who gave. */
export interface Gifter {
  person: Person;
  diamonds: number;
  gifts: number;
}

/** The events of a recording, as the console shows them. It grows by pages, each of which comes once. */
export class EventLog {
  /** Lines in the order of their times. */
  readonly lines: Line[] = [];
  /** By second since 1970. */
  readonly seconds = new Map<number, Second>();
  readonly breaks: Break[] = [];
  readonly battles = new Map<string, Battle>();
  readonly gifters = new Map<string, Gifter>();
  diamonds = 0;
  events = 0;
  viewers: number | undefined;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = 0;
  /** Where the next page begins, as the API counts. */
  after = "0";
  readonly #people = new Map<string, Person>();
  #connections = 0;
  /** When something was last heard from the room. */
  #heardMs = 0;

  /** @returns whether there was anything new */
  add(events: readonly ApiEvent[]): boolean {
    for (const event of events) this.#take(event);
    return events.length > 0;
  }

  /** Givers, the greatest first. */
  topGifters(most: number): Gifter[] {
    return [...this.gifters.values()].sort((a, b) => b.diamonds - a.diamonds).slice(0, most);
  }

  #take(event: ApiEvent): void {
    this.events++;
    const atMs = numberOf(event["receivedAt"]) ?? numberOf(event["at"]);
    if (atMs === undefined) return;
    // What a room tells of the time before the connection is none of the recording's.
    if (event["history"] === true) return;
    this.firstMs = Math.min(this.firstMs, atMs);
    this.lastMs = Math.max(this.lastMs, atMs);
    if (this.#ofConnection(event, atMs)) return;
    this.#heardMs = Math.max(this.#heardMs, atMs);
    const type = textOf(event["type"]);
    switch (type) {
      case "chat":
        this.#second(atMs).chats++;
        return this.#line({ atMs, kind: type, person: this.#person(event), text: textOf(event["text"]), diamonds: 0 });
      case "follow":
      case "share":
      case "subscribe":
        return this.#line({ atMs, kind: type, person: this.#person(event), text: "", diamonds: 0 });
      case "gift":
        return this.#gift(event, atMs);
      case "like": {
        const second = this.#second(atMs);
        second.likes += numberOf(event["count"]) ?? 0;
        const total = numberOf(event["total"]);
        if (total !== undefined && total > 0) second.likesSoFar = total;
        return;
      }
      case "viewers": {
        const count = numberOf(event["count"]);
        if (count !== undefined) this.#second(atMs).viewers = this.viewers = count;
        return;
      }
      case "battle":
      case "battle_scores":
        return this.#battle(event, atMs);
      case "control":
        return this.#control(textOf(event["action"]), atMs);
    }
  }

  /** What the client tells about its connection. @returns whether the event is such */
  #ofConnection(event: ApiEvent, atMs: number): boolean {
    switch (event["type"]) {
      case "gap":
        this.breaks.push({
          kind: "gap",
          fromMs: numberOf(event["from"]) ?? atMs,
          toMs: numberOf(event["to"]) ?? atMs,
          reason: textOf(event["reason"]),
          dropped: numberOf(event["dropped"]),
        });
        return true;
      case "connected":
        if (this.#connections++ > 0) {
          const fromMs = this.#heardMs || atMs;
          this.breaks.push({ kind: "reconnect", fromMs, toMs: atMs, reason: textOf(event["route"]) });
        }
        return true;
      case "state":
        if (event["to"] === "waiting") {
          this.breaks.push({ kind: "lost", fromMs: atMs, toMs: atMs, reason: textOf(event["reason"]) });
        }
        return true;
      case "ended":
        this.breaks.push({ kind: "ended", fromMs: atMs, toMs: atMs, reason: textOf(event["reason"]) });
        return true;
      default:
        return false;
    }
  }

  #control(action: string, atMs: number): void {
    const pause = this.breaks.findLast(({ kind }) => kind === "paused");
    if (action === "paused" && (pause === undefined || pause.toMs !== undefined)) {
      this.breaks.push({ kind: "paused", fromMs: atMs, toMs: undefined, reason: "" });
    }
    if (action === "resumed" && pause !== undefined) pause.toMs ??= atMs;
  }

  #battle(event: ApiEvent, atMs: number): void {
    const id = textOf(event["battleId"]);
    let battle = this.battles.get(id);
    if (battle === undefined) this.battles.set(id, battle = { fromMs: atMs, toMs: undefined, hosts: [] });
    for (const each of listOf(event["hosts"])) {
      const host = recordOf(each);
      const name = textOf(host["username"]) || textOf(host["nickname"]);
      const known = battle.hosts.find((other) => other.id === host["id"]);
      if (known !== undefined) known.name = name;
      else battle.hosts.push({ id: textOf(host["id"]), name, points: undefined });
    }
    for (const each of listOf(event["teams"])) {
      const { hostId, points } = recordOf(each);
      const known = battle.hosts.find((other) => other.id === hostId);
      if (known !== undefined) known.points = numberOf(points) ?? known.points;
      else battle.hosts.push({ id: textOf(hostId), name: "", points: numberOf(points) });
    }
    if (event["status"] === "finished") battle.toMs ??= atMs;
  }

  #gift(event: ApiEvent, atMs: number): void {
    const diamonds = numberOf(event["value"]) ?? 0;
    const person = this.#person(event);
    this.diamonds += diamonds;
    this.#second(atMs).diamonds += diamonds;
    const gifter = this.gifters.get(person.id) ?? { person, diamonds: 0, gifts: 0 };
    gifter.diamonds += diamonds;
    gifter.gifts += numberOf(event["count"]) ?? 0;
    this.gifters.set(person.id, gifter);
    const streak = event["streak"] === undefined ? undefined : recordOf(event["streak"]);
    if (streak !== undefined && streak["ended"] !== true) return;
    const total = numberOf(event["total"]) ?? numberOf(event["count"]) ?? 1;
    const each = numberOf(event["diamonds"]) ?? 0;
    const text = `${textOf(event["name"]) || "a gift"}${total > 1 ? ` × ${total}` : ""}`;
    this.#line({ atMs, kind: "gift", person, text, diamonds: each * total });
  }

  #line(given: Omit<Line, "folded">): void {
    const { person, text } = given;
    const line = { ...given, folded: `${person.nickname} ${person.username} ${text}`.toLowerCase() };
    let place = this.lines.length;
    while (place > 0 && (this.lines[place - 1]?.atMs ?? 0) > line.atMs) place--;
    if (place === this.lines.length) this.lines.push(line);
    else this.lines.splice(place, 0, line);
  }

  #second(atMs: number): Second {
    const key = Math.floor(atMs / 1000);
    let second = this.seconds.get(key);
    if (second === undefined) this.seconds.set(key, second = { chats: 0, diamonds: 0, likes: 0 });
    return second;
  }

  /** Who an event is of; one object for all lines of somebody. */
  #person(event: ApiEvent): Person {
    const user = recordOf(event["user"]);
    const person = { id: textOf(user["id"]), username: textOf(user["username"]), nickname: textOf(user["nickname"]) };
    const known = this.#people.get(person.id);
    if (known?.username === person.username && known.nickname === person.nickname) return known;
    this.#people.set(person.id, person);
    return person;
  }
}

/** How many of some things, sorted by time, come up to a time. */
export function countUntil(things: readonly { atMs: number }[], atMs: number): number {
  let low = 0;
  let high = things.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((things[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The words of a search, in small letters. */
export function wordsOf(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter((word) => word !== "");
}

/** Lines whose text or name holds all words. */
export function search(lines: readonly Line[], text: string): Line[] {
  const wanted = wordsOf(text);
  if (wanted.length === 0) return [];
  return lines.filter(({ folded }) => wanted.every((word) => folded.includes(word)));
}

/** A text in pieces, those that hold one of the words apart, so that they can be marked. */
export function piecesOf(text: string, words: readonly string[]): { text: string; hit: boolean }[] {
  const small = text.toLowerCase();
  // Letters that become longer when they are made small would shift the places.
  if (words.length === 0 || small.length !== text.length) return [{ text, hit: false }];
  const pieces: { text: string; hit: boolean }[] = [];
  let from = 0;
  while (from < text.length) {
    let at = text.length;
    let length = 0;
    for (const word of words) {
      const found = small.indexOf(word, from);
      if (found >= 0 && (found < at || found === at && word.length > length)) [at, length] = [found, word.length];
    }
    if (at > from) pieces.push({ text: text.slice(from, at), hit: false });
    if (length > 0) pieces.push({ text: text.slice(at, at + length), hit: true });
    from = at + length;
  }
  return pieces;
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
