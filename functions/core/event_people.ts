/**
 * People in stored events. What is known of a person is written once, in the line where they are first met; later lines
 * carry `{"id": "...", "facts": "12-5"}`: what was written of this id in line 5 of batch 12, both as the log counts them,
 * lines from 0. Gifts keep the names beside it, `{"id", "username", "nickname", "facts"}`, so that who counts them needs
 * no look-up. A change, such as a new level, is written once more; an avatar under another host or with another
 * signature is none.
 * @module
 */

/** Somebody in an event. */
type Person = Record<string, unknown> & { id: string };

/** People that a log remembers; the oldest are written again when they come back. */
const MOST_KNOWN = 20_000;
/** Places of an event that hold a person, and those that hold a list of them. */
const ONE = ["user", "to", "operator"];
/** What of a picture's URL is not its host or its signature. */
const PICTURE = /^https?:\/\/[^/]*([^?]*)/;
/** Fields of a person that a reader may count on, where nothing is known of them. */
const NOBODY = {
  username: "",
  nickname: "",
  verified: false,
  badges: [],
  moderator: false,
  subscriber: false,
  followsHost: false,
};

/** What a log has told about people so far. */
export class KnownPeople {
  readonly #places = new Map<string, string>();

  /**
   * Puts references where the log knows a person.
   * @param lines events as JSON
   * @param seq place of their batch
   * @returns the lines as they are to be stored, and what the log knows once they are
   */
  refer(lines: readonly string[], seq: number): { lines: string[]; learned: ReadonlyMap<string, string> } {
    const learned = new Map<string, string>();
    const referred = lines.map((json, line) => {
      if (!json.includes('"username"')) return json;
      const event: unknown = JSON.parse(json);
      const told = new Set<string>();
      return JSON.stringify(mapPeople(event, (person) => {
        const key = keyOf(person);
        if (key === undefined) return person;
        const facts = learned.get(key) ?? this.#places.get(key);
        const { id, username, nickname } = person;
        if (facts === undefined) {
          // One place tells one thing of an id: a second face in the same line is not referred to.
          if (!told.has(id)) learned.set(key, `${seq}-${line}`);
          told.add(id);
          return person;
        }
        return isGift(event) ? { id, username, nickname, facts } : { id, facts };
      }));
    });
    return { lines: referred, learned };
  }

  /** Takes in what a batch that will be stored tells. */
  learn(learned: ReadonlyMap<string, string>): void {
    for (const [key, place] of learned) this.#places.set(key, place);
    for (const key of this.#places.keys()) {
      if (this.#places.size <= MOST_KNOWN) return;
      this.#places.delete(key);
    }
  }
}

/** What was read of people, for reads that follow. What stands at a place of a log never changes. */
export class PeopleCache {
  readonly #most: number;
  readonly #people = new Map<string, Person>();

  /** @param most people that are kept, about a kilobyte each */
  constructor(most = 10_000) {
    this.#most = most;
  }

  get(key: string): Person | undefined {
    return this.#people.get(key);
  }

  set(key: string, person: Person): void {
    this.#people.set(key, person);
    for (const oldest of this.#people.keys()) {
      if (this.#people.size <= this.#most) return;
      this.#people.delete(oldest);
    }
  }
}

/** Makes the people in events of one recording whole again. */
export class PeopleReader {
  readonly #recordingId: string;
  readonly #cache: PeopleCache;
  /** Lines of the batches that were read. */
  readonly #batches = new Map<number, readonly string[]>();
  readonly #missing = new Set<number>();
  /** What the cache knew when it was asked: by the time of the answer it may have let go of it. */
  readonly #known = new Map<string, Person>();

  constructor(recordingId: string, cache: PeopleCache) {
    this.#recordingId = recordingId;
    this.#cache = cache;
  }

  /** Batches that {@link PeopleReader.restore} has to be given before it knows all people. */
  get missing(): ReadonlySet<number> {
    return this.#missing;
  }

  /** Takes a batch in; none of its lines when it is gone. */
  give(seq: number, lines: readonly string[]): void {
    this.#batches.set(seq, lines);
    this.#missing.delete(seq);
  }

  /** Remembers the people whom a line tells about, for whoever reads later lines without reading back. */
  remember(place: string, event: unknown): void {
    mapPeople(event, (person) => {
      const key = this.#key({ ...person, facts: place });
      if (placeOf(person) === undefined && this.#known.get(key) === undefined) {
        this.#known.set(key, person);
        this.#cache.set(key, person);
      }
      return person;
    });
  }

  /** Notes what it takes to make the people of an event whole. */
  want(event: unknown): void {
    mapPeople(event, (person) => {
      const place = placeOf(person);
      if (place === undefined) return person;
      const key = this.#key(person);
      const known = this.#cache.get(key);
      if (known !== undefined) this.#known.set(key, known);
      else if (!this.#batches.has(place.seq)) this.#missing.add(place.seq);
      return person;
    });
  }

  /** Makes the people of an event whole, in place. Of those who are told about nowhere any more, the fields are empty but the id. */
  restore<T>(event: T): T {
    return mapPeople(event, (person) => {
      const place = placeOf(person);
      if (place === undefined) return person;
      const key = this.#key(person);
      const known = this.#known.get(key) ?? this.#find(person.id, place);
      if (known === undefined) {
        const { facts: _, ...rest } = person;
        return { ...NOBODY, ...rest };
      }
      this.#known.set(key, known);
      this.#cache.set(key, known);
      return known;
    });
  }

  #find(id: string, { seq, line }: { seq: number; line: number }): Person | undefined {
    const json = this.#batches.get(seq)?.[line];
    let found: Person | undefined;
    if (json !== undefined) {
      mapPeople(JSON.parse(json), (person) => {
        if (person.id === id && placeOf(person) === undefined) found ??= person;
        return person;
      });
    }
    return found;
  }

  #key({ id, facts }: Person): string {
    return `${this.#recordingId}/${String(facts)}/${id}`;
  }
}

/** Replaces each of an event's people, in place. @returns the event */
function mapPeople<T>(event: T, replace: (person: Person) => Person): T {
  if (!isObject(event)) return event;
  const own: Record<string, unknown> = event;
  for (const name of ONE) if (isPerson(own[name])) own[name] = replace(own[name]);
  const { mentions, top } = own;
  if (Array.isArray(mentions)) own["mentions"] = mentions.map((each) => isPerson(each) ? replace(each) : each);
  if (Array.isArray(top)) {
    for (const each of top) if (isObject(each) && isPerson(each["user"])) each["user"] = replace(each["user"]);
  }
  return event;
}

/** What two tellings of a person have in common when they tell the same; `undefined` for somebody without a name. */
function keyOf(person: Person): string | undefined {
  if (typeof person["username"] !== "string" || typeof person["facts"] === "string") return undefined;
  let text = "";
  for (const [name, value] of Object.entries(person)) {
    const isPicture = name === "avatarUrl" && typeof value === "string";
    text += `${name}\n${isPicture ? PICTURE.exec(value)?.[1] ?? value : JSON.stringify(value)}\n`;
  }
  return `${person.id}/${fingerprint(text)}`;
}

function placeOf({ facts }: Person): { seq: number; line: number } | undefined {
  const [, seq, line] = typeof facts === "string" ? /^(\d{1,12})-(\d{1,6})$/.exec(facts) ?? [] : [];
  return seq === undefined ? undefined : { seq: Number(seq), line: Number(line) };
}

/** 64 bits of a text (FNV-1a, from two ends): enough to tell the few faces of one person apart. */
function fingerprint(text: string): string {
  let one = 0x811c9dc5;
  let other = 0x811c9dc5;
  for (let i = 0, last = text.length - 1; i <= last; i++) {
    one = Math.imul(one ^ text.charCodeAt(i), 0x01000193);
    other = Math.imul(other ^ text.charCodeAt(last - i), 0x01000193);
  }
  return `${(one >>> 0).toString(36)}${(other >>> 0).toString(36)}`;
}

function isGift(event: unknown): boolean {
  return isObject(event) && event["type"] === "gift";
}

function isPerson(value: unknown): value is Person {
  return isObject(value) && typeof value["id"] === "string" && value["id"] !== "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
