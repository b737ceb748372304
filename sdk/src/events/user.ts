/**
 * The person in an event, read from the bytes when a field is first asked for.
 * @module
 */
import { isLiveError } from "../errors.ts";
import { WireReader } from "../wire/reader.ts";
import { optionalId } from "./base.ts";
import type { Badge, User } from "./types.ts";
import { readUserDetails, type UserDetails } from "./user_details.ts";

/**
 * A {@link User} over the bytes of a message. Where those break off, it keeps what stands before the break.
 */
export class WireUser implements User {
  readonly #bytes: Uint8Array;
  readonly #userAt: number;
  readonly #identityAt: number;
  #id: string | undefined;
  #username = "";
  #nickname = "";
  #details: UserDetails | undefined;

  /**
   * @param bytes the whole message
   * @param userAt offset of the length of the User inside it, -1 for none
   * @param identityAt the same of the message's UserIdentity, the relation of this person to the host
   */
  constructor(bytes: Uint8Array, userAt: number, identityAt: number) {
    this.#bytes = bytes;
    this.#userAt = userAt;
    this.#identityAt = identityAt;
  }

  get id(): string {
    return this.#id ?? this.#readNames();
  }

  get username(): string {
    if (this.#id === undefined) this.#readNames();
    return this.#username;
  }

  get nickname(): string {
    if (this.#id === undefined) this.#readNames();
    return this.#nickname;
  }

  get avatarUrl(): string | undefined {
    return this.#more().avatarUrl;
  }

  get secUid(): string | undefined {
    return this.#more().secUid;
  }

  get verified(): boolean {
    return this.#more().verified;
  }

  get badges(): readonly Badge[] {
    return this.#more().badges;
  }

  get moderator(): boolean {
    return this.#more().moderator;
  }

  get subscriber(): boolean {
    return this.#more().subscriber;
  }

  get followsHost(): boolean {
    return this.#more().followsHost;
  }

  get fanLevel(): number | undefined {
    return this.#more().fanLevel;
  }

  get gifterLevel(): number | undefined {
    return this.#more().gifterLevel;
  }

  /** All fields as plain data. */
  toJSON(): Record<string, unknown> {
    const { id, username, nickname } = this;
    return { id, username, nickname, ...this.#more() };
  }

  /** What `console.log` shows on Node, Bun and Deno. */
  [Symbol.for("nodejs.util.inspect.custom")](): unknown {
    return this.toJSON();
  }

  /** Reads id and names, and returns the id. */
  #readNames(): string {
    let id = "";
    try {
      const reader = WireReader.within(this.#bytes, this.#userAt);
      while (reader.pos < reader.end) {
        const tag = reader.tag();
        switch (tag) {
          case 1 << 3:
            id = optionalId(reader.id());
            break;
          case 3 << 3 | 2:
            this.#nickname = reader.string();
            break;
          case 38 << 3 | 2:
            this.#username = reader.string();
            break;
          default:
            reader.skip(tag);
        }
      }
    } catch (error) {
      if (!isLiveError(error)) throw error;
    }
    this.#id = id;
    return id;
  }

  #more(): UserDetails {
    this.#details ??= readUserDetails(this.#bytes, this.#userAt, this.#identityAt);
    return this.#details;
  }
}

/** The person of messages that name none. */
export const NOBODY: User = new WireUser(new Uint8Array(0), -1, -1);

/** The person in the field that the reader stands before; the field is stepped over. */
export function readUser(reader: WireReader): User {
  const at = reader.pos;
  reader.skip(2);
  return new WireUser(reader.bytes, at, -1);
}
