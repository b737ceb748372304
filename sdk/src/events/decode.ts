/**
 * From the bytes of a message to its public event.
 * @module
 */
import { isLiveError } from "../errors.ts";
import { plainBytes } from "../wire/bytes.ts";
import type { DecodeContext } from "./base.ts";
import { decodeArmies, decodeBattle } from "./battle.ts";
import { decodeChat, decodeQuestion, decodeQuestionSelected } from "./chat.ts";
import { decodeErrorEvent, otherEvent, unknownEvent } from "./fallback.ts";
import {
  decodeCaption,
  decodeEmote,
  decodeEnvelope,
  decodeGoal,
  decodePoll,
  decodeRankText,
  decodeRankUpdate,
} from "./features.ts";
import { decodeGift } from "./gift.ts";
import { decodeFanTickets, decodeLink, decodeLinkLayer, decodeLinkMic } from "./link.ts";
import { isKnownMethod } from "./message.ts";
import { decodeBanner, decodeControl, decodeIntro, decodeRoomMessage } from "./notices.ts";
import { decodeLike, decodeMember, decodeSocial, decodeSubNotify, decodeViewers } from "./room.ts";
import { decodeBarrage, decodeDeleted, decodePin, decodeShopping } from "./room_notices.ts";
import type { WireEvent } from "./types.ts";

export type { DecodeContext } from "./base.ts";

type Decoder = (bytes: Uint8Array, context: DecodeContext) => WireEvent;

/** Wire methods with a flat event. */
const decoders: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["WebcastChatMessage", decodeChat],
  ["WebcastGiftMessage", decodeGift],
  ["WebcastMemberMessage", decodeMember],
  ["WebcastSocialMessage", decodeSocial],
  ["WebcastLikeMessage", decodeLike],
  ["WebcastRoomUserSeqMessage", decodeViewers],
  ["WebcastSubNotifyMessage", decodeSubNotify],
  ["WebcastQuestionNewMessage", decodeQuestion],
  ["WebcastControlMessage", decodeControl],
  ["WebcastLiveIntroMessage", decodeIntro],
  ["WebcastRoomMessage", (bytes, context) => decodeRoomMessage(bytes, context, "WebcastRoomMessage")],
  ["RoomMessage", (bytes, context) => decodeRoomMessage(bytes, context, "RoomMessage")],
  ["WebcastInRoomBannerMessage", decodeBanner],
  ["WebcastLinkMicBattle", decodeBattle],
  ["WebcastLinkMicArmies", decodeArmies],
  ["WebcastCaptionMessage", decodeCaption],
  ["WebcastEmoteChatMessage", decodeEmote],
  ["WebcastEnvelopeMessage", decodeEnvelope],
  ["WebcastGoalUpdateMessage", decodeGoal],
  ["WebcastPollMessage", decodePoll],
  ["WebcastRankUpdateMessage", decodeRankUpdate],
  ["WebcastRankTextMessage", decodeRankText],
  ["WebcastRoomPinMessage", decodePin],
  ["WebcastImDeleteMessage", decodeDeleted],
  ["WebcastBarrageMessage", decodeBarrage],
  ["WebcastOecLiveShoppingMessage", decodeShopping],
  ["WebcastLinkMessage", decodeLink],
  ["WebcastLinkLayerMessage", decodeLinkLayer],
  ["WebcastLinkMicMethod", (bytes, context) => decodeLinkMic(bytes, context, "WebcastLinkMicMethod")],
  ["LinkMicMethod", (bytes, context) => decodeLinkMic(bytes, context, "LinkMicMethod")],
  ["WebcastLinkMicFanTicketMethod", decodeFanTickets],
  ["WebcastQuestionSelectedMessage", decodeQuestionSelected],
]);

/**
 * Decodes one message of the wire into its public event. It never throws on bytes: a message that does not decode is
 * a `decode_error` event, one without a schema an `unknown` event, and both carry the bytes.
 *
 * The event reads what its own fields need; the rest of a person, the top viewers and `event.message` are read from
 * the same bytes when asked for, so do not change the array afterwards.
 * @param method wire method, such as `WebcastChatMessage`
 * @param bytes the encoded message
 * @param context what is known beside the bytes: envelope id, room, times
 * @throws {TypeError} when `bytes` is not a `Uint8Array`
 *
 * @example
 * ```ts
 * import { decodeMessage } from "@roomtone/sdk";
 * const event = decodeMessage("WebcastChatMessage", new Uint8Array([0x1a, 0x02, 0x68, 0x69]));
 * if (event.type === "chat") console.log(event.text); // "hi"
 * ```
 */
export function decodeMessage(method: string, bytes: Uint8Array, context: DecodeContext = {}): WireEvent {
  const plain = plainBytes(bytes);
  const decode = decoders.get(method);
  if (decode === undefined) {
    return isKnownMethod(method) ? otherEvent(method, plain, context) : unknownEvent(method, plain, context);
  }
  try {
    return decode(plain, context);
  } catch (error) {
    if (isLiveError(error)) return decodeErrorEvent(method, plain, context, error);
    throw error;
  }
}
