import type { ApiEvent } from "../api.ts";

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
}

/** What was counted in a second. */
export interface Second {
  chats: number;
  diamonds: number;
  likes: number;
  /** Newest number of viewers, where one was told. */
  viewers?: number;
}

/** A time in which events are missing, or the connection was another one. */
export interface Break {
  kind: "gap" | "reconnect";
  fromMs: number;
  toMs: number;
  reason: string;
}

/** A moment worth a look. */
export interface Moment {
  atMs: number;
  kind: "peak" | "gift" | "battle";
  text: string;
}

/** The events of a recording, as the console shows them. It grows by pages; ids that come again are left out. */
export class EventLog {
  /** Lines in the order of their times. */
  readonly lines: Line[] = [];
  /** By second since 1970. */
  readonly seconds = new Map<number, Second>();
  readonly breaks: Break[] = [];
  readonly battles: number[] = [];
  readonly gifters = new Map<string, { person: Person; diamonds: number; gifts: number }>();
  diamonds = 0;
  events = 0;
  viewers: number | undefined;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = 0;
  readonly #battleIds = new Set<string>();
  #connections = 0;

  /** @returns whether there was anything new */
  add(events: readonly ApiEvent[]): boolean {
    for (const event of events) this.#take(event);
    return events.length > 0;
  }

  /** Givers, the greatest first. */
  topGifters(most: number): { person: Person; diamonds: number; gifts: number }[] {
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
    const type = textOf(event["type"]);
    switch (type) {
      case "chat":
        this.#second(atMs).chats++;
        return this.#line({ atMs, kind: type, person: personOf(event), text: textOf(event["text"]), diamonds: 0 });
      case "follow":
      case "share":
      case "subscribe":
        return this.#line({ atMs, kind: type, person: personOf(event), text: "", diamonds: 0 });
      case "gift":
        return this.#gift(event, atMs);
      case "like":
        this.#second(atMs).likes += numberOf(event["count"]) ?? 0;
        return;
      case "viewers": {
        const count = numberOf(event["count"]);
        if (count !== undefined) this.#second(atMs).viewers = this.viewers = count;
        return;
      }
      case "battle": {
        const id = textOf(event["battleId"]);
        if (!this.#battleIds.has(id)) this.battles.push(atMs);
        this.#battleIds.add(id);
        return;
      }
      case "gap":
        this.breaks.push({
          kind: "gap",
          fromMs: numberOf(event["from"]) ?? atMs,
          toMs: numberOf(event["to"]) ?? atMs,
          reason: textOf(event["reason"]),
        });
        return;
      case "connected":
        if (this.#connections++ > 0) {
          this.breaks.push({ kind: "reconnect", fromMs: atMs, toMs: atMs, reason: textOf(event["route"]) });
        }
    }
  }

  #gift(event: ApiEvent, atMs: number): void {
    const diamonds = numberOf(event["value"]) ?? 0;
    const person = personOf(event);
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

  #line(line: Line): void {
    let place = this.lines.length;
    while (place > 0 && (this.lines[place - 1]?.atMs ?? 0) > line.atMs) place--;
    this.lines.splice(place, 0, line);
  }

  #second(atMs: number): Second {
    const key = Math.floor(atMs / 1000);
    let second = this.seconds.get(key);
    if (second === undefined) this.seconds.set(key, second = { chats: 0, diamonds: 0, likes: 0 });
    return second;
  }
}

/** How many lines come up to a time. */
export function linesUntil(lines: readonly Line[], atMs: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Lines whose text or name holds all words. */
export function search(lines: readonly Line[], words: string): Line[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (wanted.length === 0) return [];
  return lines.filter(({ person, text }) => {
    const all = `${person.nickname} ${person.username} ${text}`.toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
}

/** Length of a stretch in which messages are counted for a peak, ms. */
const STRETCH_MS = 10_000;
const MOST_OF_A_KIND = 12;

/** Stretches with far more chat than usual, the greatest gifts, battles; in the order of their times. */
export function momentsOf(log: EventLog): Moment[] {
  const chats = new Map<number, number>();
  for (const [second, { chats: count }] of log.seconds) {
    const stretch = Math.floor(second * 1000 / STRETCH_MS);
    chats.set(stretch, (chats.get(stretch) ?? 0) + count);
  }
  const counts = [...chats.values()];
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  const spread = Math.sqrt(counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / Math.max(1, counts.length));
  const peaks = [...chats].filter(([, count]) => count >= 5 && count > mean + 2 * spread)
    .sort(([, a], [, b]) => b - a).slice(0, MOST_OF_A_KIND)
    .map(([stretch, count]): Moment => ({
      atMs: stretch * STRETCH_MS,
      kind: "peak",
      text: `${count} messages in ${STRETCH_MS / 1000} s`,
    }));
  const gifts = log.lines.filter(({ kind, diamonds }) => kind === "gift" && diamonds >= 100)
    .sort((a, b) => b.diamonds - a.diamonds).slice(0, MOST_OF_A_KIND)
    .map(({ atMs, person, text, diamonds }): Moment => ({
      atMs,
      kind: "gift",
      text: `${person.nickname || person.username}: ${text} (${diamonds} diamonds)`,
    }));
  const battles = log.battles.map((atMs): Moment => ({ atMs, kind: "battle", text: "a battle begins" }));
  return [...peaks, ...gifts, ...battles].sort((a, b) => a.atMs - b.atMs);
}

function personOf(event: ApiEvent): Person {
  const user = recordOf(event["user"]);
  return { id: textOf(user["id"]), username: textOf(user["username"]), nickname: textOf(user["nickname"]) };
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
