/**
 * What a live offers beside chat: captions, emotes, chests, goals, polls, rankings.
 * @module
 */
import type { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, optionalId, optionalTime, readMessage, readText } from "./base.ts";
import type {
  CaptionEvent,
  CaptionLine,
  Emote,
  EmoteEvent,
  EnvelopeEvent,
  GoalEvent,
  GoalPart,
  PollEvent,
  PollOption,
  RankEvent,
  RankPlace,
} from "./feature_types.ts";
import { readPicture } from "./picture.ts";
import type { User } from "./types.ts";
import { NOBODY, readUser } from "./user.ts";

class CaptionMessage extends BaseEvent<"caption", "WebcastCaptionMessage"> implements CaptionEvent {
  readonly type = "caption";
  text = "";
  language = "";
  lines: CaptionLine[] = [];
  sentenceId = "";
  final = false;
}

/** WebcastCaptionMessage to event. */
export function decodeCaption(bytes: Uint8Array, context: DecodeContext): CaptionEvent {
  const event = new CaptionMessage("WebcastCaptionMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    if (tag === (4 << 3 | 2)) event.lines.push(readCaptionLine(reader));
    else if (tag === 5 << 3) event.sentenceId = optionalId(reader.id());
    else if (tag === 7 << 3) event.final = reader.bool();
    else reader.skip(tag);
  });
  const [first] = event.lines;
  if (first !== undefined) {
    event.text = first.text;
    event.language = first.language;
  }
  return event;
}

/** CaptionContent {1 lang, 2 content}. */
function readCaptionLine(reader: WireReader): CaptionLine {
  const line: CaptionLine = { language: "", text: "" };
  reader.embedded((tag) => {
    if (tag === (1 << 3 | 2)) line.language = reader.string();
    else if (tag === (2 << 3 | 2)) line.text = reader.string();
    else reader.skip(tag);
  });
  return line;
}

class EmoteChat extends BaseEvent<"emote", "WebcastEmoteChatMessage"> implements EmoteEvent {
  readonly type = "emote";
  user: User = NOBODY;
  emotes: Emote[] = [];
}

/** WebcastEmoteChatMessage to event. */
export function decodeEmote(bytes: Uint8Array, context: DecodeContext): EmoteEvent {
  const event = new EmoteChat("WebcastEmoteChatMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    if (tag === (2 << 3 | 2)) event.user = readUser(reader);
    else if (tag === (3 << 3 | 2)) event.emotes.push(readEmote(reader));
    else reader.skip(tag);
  });
  return event;
}

/** EmoteModel {1 emote_id, 2 image}. */
export function readEmote(reader: WireReader): Emote {
  const emote: Emote = { id: "", imageUrl: undefined };
  reader.embedded((tag) => {
    if (tag === (1 << 3 | 2)) emote.id = reader.string();
    else if (tag === (2 << 3 | 2)) emote.imageUrl = readPicture(reader);
    else reader.skip(tag);
  });
  return emote;
}

class EnvelopeMessage extends BaseEvent<"envelope", "WebcastEnvelopeMessage"> implements EnvelopeEvent {
  readonly type = "envelope";
  envelopeId = "";
  status: EnvelopeEvent["status"] = "other";
  businessType = 0;
  sender = { id: "", nickname: "", avatarUrl: undefined as string | undefined };
  diamonds = 0;
  people = 0;
  opensAt: number | undefined = undefined;
}

/** EnvelopeDisplay to what it means. */
function envelopeStatus(display: number): EnvelopeEvent["status"] {
  if (display === 1) return "shown";
  return display === 2 ? "hidden" : "other";
}

/** WebcastEnvelopeMessage to event. */
export function decodeEnvelope(bytes: Uint8Array, context: DecodeContext): EnvelopeEvent {
  const event = new EnvelopeMessage("WebcastEnvelopeMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    if (tag === (2 << 3 | 2)) reader.embedded((tag) => readEnvelope(reader, tag, event));
    else if (tag === 3 << 3) event.status = envelopeStatus(reader.int32());
    else reader.skip(tag);
  });
  return event;
}

/** One field of MessageRedEnvelopInfo. */
function readEnvelope(reader: WireReader, tag: number, event: EnvelopeMessage): void {
  switch (tag) {
    case 1 << 3 | 2:
      event.envelopeId = reader.string();
      break;
    case 2 << 3:
      event.businessType = reader.int32();
      break;
    case 4 << 3 | 2:
      event.sender.nickname = reader.string();
      break;
    case 5 << 3:
      event.diamonds = reader.int32();
      break;
    case 6 << 3:
      event.people = reader.int32();
      break;
    case 7 << 3:
      event.opensAt = optionalTime(reader.int64());
      break;
    case 8 << 3 | 2:
      event.sender.id = reader.string();
      break;
    case 9 << 3 | 2:
      event.sender.avatarUrl = readPicture(reader);
      break;
    default:
      reader.skip(tag);
  }
}

class GoalMessage extends BaseEvent<"goal", "WebcastGoalUpdateMessage"> implements GoalEvent {
  readonly type = "goal";
  goalId = "";
  text = "";
  parts: GoalPart[] = [];
  startsAt: number | undefined = undefined;
  endsAt: number | undefined = undefined;
  contributor = { id: "", username: "", avatarUrl: undefined as string | undefined };
  count = 0;
}

/** WebcastGoalUpdateMessage to event. */
export function decodeGoal(bytes: Uint8Array, context: DecodeContext): GoalEvent {
  const event = new GoalMessage("WebcastGoalUpdateMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    switch (tag) {
      case 3 << 3 | 2:
        reader.embedded((tag) => readGoal(reader, tag, event));
        break;
      case 4 << 3:
        event.contributor.id = optionalId(reader.id());
        break;
      case 5 << 3 | 2:
        event.contributor.avatarUrl = readPicture(reader);
        break;
      case 6 << 3 | 2:
        event.contributor.username = reader.string();
        break;
      case 9 << 3:
        event.count = reader.int64();
        break;
      default:
        reader.skip(tag);
    }
  });
  return event;
}

/** One field of LiveStreamGoal. */
function readGoal(reader: WireReader, tag: number, event: GoalMessage): void {
  switch (tag) {
    case 1 << 3:
      event.goalId = optionalId(reader.id());
      break;
    case 4 << 3 | 2:
      event.parts.push(readGoalPart(reader));
      break;
    case 5 << 3 | 2:
      event.text = reader.string();
      break;
    case 8 << 3:
      event.startsAt = optionalTime(reader.int64());
      break;
    case 9 << 3:
      event.endsAt = optionalTime(reader.int64());
      break;
    default:
      reader.skip(tag);
  }
}

/** LiveStreamSubGoal {2 id, 3 progress, 4 target, 5 gift {1 name, 2 icon, 3 diamond_count}}. */
function readGoalPart(reader: WireReader): GoalPart {
  const part: GoalPart = { id: "", name: "", imageUrl: undefined, diamonds: 0, progress: 0, target: 0 };
  reader.embedded((tag) => {
    if (tag === 2 << 3) part.id = optionalId(reader.id());
    else if (tag === 3 << 3) part.progress = reader.int64();
    else if (tag === 4 << 3) part.target = reader.int64();
    else if (tag === (5 << 3 | 2)) {
      reader.embedded((tag) => {
        if (tag === (1 << 3 | 2)) part.name = reader.string();
        else if (tag === (2 << 3 | 2)) part.imageUrl = readPicture(reader);
        else if (tag === 3 << 3) part.diamonds = reader.int64();
        else reader.skip(tag);
      });
    } else reader.skip(tag);
  });
  return part;
}

class PollMessage extends BaseEvent<"poll", "WebcastPollMessage"> implements PollEvent {
  readonly type = "poll";
  pollId = "";
  status: PollEvent["status"] = "other";
  title = "";
  options: PollOption[] = [];
  startsAt: number | undefined = undefined;
  endsAt: number | undefined = undefined;
  user: User | undefined = undefined;
}

/** WebcastPollMessage to event: which part it carries tells what happens. */
export function decodePoll(bytes: Uint8Array, context: DecodeContext): PollEvent {
  const event = new PollMessage("WebcastPollMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    switch (tag) {
      case 3 << 3:
        event.pollId = optionalId(reader.id());
        break;
      case 4 << 3 | 2: // PollStartContent {1 start_time, 2 end_time, 3 option_list, 4 title, 5 operator}
        event.status = "started";
        reader.embedded((tag) => {
          if (tag === 1 << 3) event.startsAt = optionalTime(reader.int64());
          else if (tag === 2 << 3) event.endsAt = optionalTime(reader.int64());
          else if (tag === (3 << 3 | 2)) event.options.push(readPollOption(reader));
          else if (tag === (4 << 3 | 2)) event.title = reader.string();
          else if (tag === (5 << 3 | 2)) event.user = readUser(reader);
          else reader.skip(tag);
        });
        break;
      case 5 << 3 | 2: // PollEndContent {2 option_list, 3 operator}
      case 6 << 3 | 2: // PollUpdateVotesContent {2 option_list}
        event.status = tag === (5 << 3 | 2) ? "ended" : "votes";
        reader.embedded((tag) => {
          if (tag === (2 << 3 | 2)) event.options.push(readPollOption(reader));
          else if (tag === (3 << 3 | 2)) event.user = readUser(reader);
          else reader.skip(tag);
        });
        break;
      default:
        reader.skip(tag);
    }
  });
  return event;
}

/** PollOptionInfo {1 votes, 2 display_content, 3 option_idx}. */
function readPollOption(reader: WireReader): PollOption {
  const option: PollOption = { index: 0, text: "", votes: 0 };
  reader.embedded((tag) => {
    if (tag === 1 << 3) option.votes = reader.int64();
    else if (tag === (2 << 3 | 2)) option.text = reader.string();
    else if (tag === 3 << 3) option.index = reader.int32();
    else reader.skip(tag);
  });
  return option;
}

class RankMessage extends BaseEvent<"rank", RankEvent["method"]> implements RankEvent {
  readonly type = "rank";
  places: RankPlace[] = [];
}

/** WebcastRankUpdateMessage to event. */
export function decodeRankUpdate(bytes: Uint8Array, context: DecodeContext): RankEvent {
  const event = new RankMessage("WebcastRankUpdateMessage", bytes, context);
  readMessage(event, (tag, reader) => {
    if (tag !== (2 << 3 | 2)) return reader.skip(tag);
    const place: RankPlace = { rankType: 0, place: 0, before: undefined, text: "" };
    reader.embedded((tag) => { // RankUpdate {1 rank_type, 2 own_rank, 3 default_content}
      if (tag === 1 << 3) place.rankType = reader.int32();
      else if (tag === 2 << 3) place.place = reader.int64();
      else if (tag === (3 << 3 | 2)) place.text = readText(reader).pattern;
      else reader.skip(tag);
    });
    event.places.push(place);
  });
  return event;
}

/** WebcastRankTextMessage {3 owner_idx_before_update, 4 owner_idx_after_update, 6 other_get_badge_msg} to event. */
export function decodeRankText(bytes: Uint8Array, context: DecodeContext): RankEvent {
  const event = new RankMessage("WebcastRankTextMessage", bytes, context);
  const place: RankPlace = { rankType: 0, place: 0, before: 0, text: "" };
  event.places.push(place);
  readMessage(event, (tag, reader) => {
    if (tag === 3 << 3) place.before = reader.int64();
    else if (tag === 4 << 3) place.place = reader.int64();
    else if (tag === (6 << 3 | 2)) place.text = readText(reader).pattern;
    else reader.skip(tag);
  });
  return event;
}
