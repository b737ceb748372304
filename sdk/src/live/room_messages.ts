/**
 * Messages of one room, from envelope to public event: duplicates dropped, ledgers applied.
 * @module
 */
import { decodeMessage } from "../events/decode.ts";
import { withGiftDetails } from "../events/gift_details.ts";
import { GiftLedger } from "../events/gift_ledger.ts";
import { LikeLedger } from "../events/like_ledger.ts";
import type { LiveEvent, RoomSummary, WireEvent } from "../events/types.ts";
import type { GiftDetails } from "../web/gift_list.ts";
import type { WireMessage } from "../wire/frames.ts";
import type { EndClaim } from "./connection_machine.ts";
import { MessageIds } from "./message_ids.ts";

/** What {@link RoomMessages} counts. */
interface MessageCounters {
  messages: number;
  duplicates: number;
  undecodable: number;
}

/** Options of {@link RoomMessages}. */
export interface RoomMessagesOptions {
  counters: MessageCounters;
  emit: (event: LiveEvent) => void;
  /** Called after the `control` event that claims an end. */
  claimOver: (claim: EndClaim) => void;
}

/** Turns the messages of a room into events, in order. */
export class RoomMessages {
  readonly #options: RoomMessagesOptions;
  readonly #seen = new MessageIds();
  #gifts = new GiftLedger();
  #likes = new LikeLedger();
  #details: ReadonlyMap<string, GiftDetails> = new Map();
  #roomId = "";
  #title = "";

  constructor(options: RoomMessagesOptions) {
    this.#options = options;
  }

  /**
   * The messages that follow are of this room. Ids seen before stay known, since a reconnect replays them; the books
   * go on in the same room, and begin anew in another one.
   * @param gifts TikTok's list by id, to fill in what gift messages leave out
   */
  enter(room: RoomSummary, gifts: ReadonlyMap<string, GiftDetails> = new Map()): void {
    this.#details = gifts;
    if (room.roomId !== this.#roomId) {
      this.#gifts = new GiftLedger();
      this.#likes = new LikeLedger();
    }
    this.#roomId = room.roomId;
    this.#title = room.title;
  }

  add(message: WireMessage, receivedAt: number): void {
    const { counters, emit, claimOver } = this.#options;
    const { method, payload, id, history } = message;
    if (!this.#seen.add(id)) {
      counters.duplicates++;
      return;
    }
    counters.messages++;
    // The ledger keeps a gift while its streak is open, and its bytes are a view of the whole batch.
    const bytes = method === "WebcastGiftMessage" ? payload.slice() : payload;
    const event = this.#booked(
      decodeMessage(method, bytes, { id, roomId: this.#roomId, receivedAt, history, title: this.#title }),
    );
    if (event.type === "decode_error") counters.undecodable++;
    emit(event);
    if (event.type === "control" && !history && (event.action === "ended" || event.action === "suspended")) {
      claimOver(event.action);
    }
  }

  /** Ends the gift streaks that were silent for too long; due every few seconds. */
  expireStreaks(nowMs: number): void {
    for (const closing of this.#gifts.expire(nowMs)) this.#options.emit(closing);
  }

  #booked(event: WireEvent): WireEvent {
    if (event.type === "gift") return this.#gifts.apply(withGiftDetails(event, this.#details.get(event.giftId)));
    return event.type === "like" ? this.#likes.apply(event) : event;
  }
}
