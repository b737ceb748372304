/**
 * Chat lines and questions.
 * @module
 */
import { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, readCommon } from "./base.ts";
import { otherEvent } from "./fallback.ts";
import { readEmote } from "./features.ts";
import type { ChatEmote, ChatEvent, OtherEvent, QuestionEvent, User } from "./types.ts";
import { NOBODY, readUser, WireUser } from "./user.ts";

const NO_EMOTES: readonly ChatEmote[] = Object.freeze([]);
const NO_USERS: readonly User[] = Object.freeze([]);

class ChatMessage extends BaseEvent<"chat", "WebcastChatMessage"> implements ChatEvent {
  readonly type = "chat";
  user: User = NOBODY;
  text = "";
  language = "";
  emotes = NO_EMOTES;
  mentions = NO_USERS;
}

/** WebcastChatMessage to event. */
export function decodeChat(bytes: Uint8Array, context: DecodeContext): ChatEvent {
  const event = new ChatMessage("WebcastChatMessage", bytes, context);
  let userAt = -1;
  let identityAt = -1;
  let emotes: ChatEmote[] | undefined;
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3 | 2:
        userAt = reader.pos;
        reader.skip(tag);
        break;
      case 3 << 3 | 2:
        event.text = reader.string();
        break;
      case 12 << 3 | 2: // at_user: TikTok names the first mention only
        event.mentions = [readUser(reader)];
        break;
      case 13 << 3 | 2:
        (emotes ??= []).push(readChatEmote(reader));
        break;
      case 14 << 3 | 2:
        event.language = reader.string();
        break;
      case 18 << 3 | 2:
        identityAt = reader.pos;
        reader.skip(tag);
        break;
      default:
        reader.skip(tag);
    }
  }
  event.user = new WireUser(bytes, userAt, identityAt);
  if (emotes !== undefined) event.emotes = emotes;
  return event;
}

/** EmoteWithIndex {1 index, 2 EmoteModel}. */
function readChatEmote(reader: WireReader): ChatEmote {
  const emote: ChatEmote = { index: 0, id: "", imageUrl: undefined };
  reader.embedded((tag) => {
    if (tag === 1 << 3) emote.index = reader.int32();
    else if (tag === (2 << 3 | 2)) Object.assign(emote, readEmote(reader));
    else reader.skip(tag);
  });
  return emote;
}

class QuestionNew extends BaseEvent<"question", "WebcastQuestionNewMessage"> implements QuestionEvent {
  readonly type = "question";
  user: User = NOBODY;
  text = "";
}

/** WebcastQuestionNewMessage to event. */
export function decodeQuestion(bytes: Uint8Array, context: DecodeContext): QuestionEvent {
  const event = new QuestionNew("WebcastQuestionNewMessage", bytes, context);
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === (1 << 3 | 2)) readCommon(reader, event);
    else if (tag === (2 << 3 | 2)) { // Question {2 content, 5 user}
      reader.embedded((tag) => {
        if (tag === (2 << 3 | 2)) event.text = reader.string();
        else if (tag === (5 << 3 | 2)) event.user = readUser(reader);
        else reader.skip(tag);
      });
    } else reader.skip(tag);
  }
  return event;
}

/** WebcastQuestionSelectedMessage, which carries the question alike, to an event without a flat shape. */
export function decodeQuestionSelected(bytes: Uint8Array, context: DecodeContext): OtherEvent {
  return otherEvent("WebcastQuestionSelectedMessage", bytes, context, decodeQuestion(bytes, context).user);
}
