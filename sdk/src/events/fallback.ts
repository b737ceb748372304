/**
 * Messages without a flat shape: known ones, unknown ones, and those that do not decode.
 * @module
 */
import type { LiveError } from "../errors.ts";
import { isLiveError } from "../errors.ts";
import { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, readCommon } from "./base.ts";
import { plainJson, toBase64 } from "./plain.ts";
import type { DecodeErrorEvent, KnownMethod, OtherEvent, UnknownEvent, User } from "./types.ts";

class OtherMessage extends BaseEvent<"other", KnownMethod> implements OtherEvent {
  readonly type = "other";
  user: User | undefined = undefined;
}

class UnknownMessage extends BaseEvent<"unknown", string> implements UnknownEvent {
  readonly type = "unknown";

  override toJSON(): Record<string, unknown> {
    return { ...plainJson(this), bytes: toBase64(this.bytes) };
  }
}

class UndecodableMessage extends BaseEvent<"decode_error", string> implements DecodeErrorEvent {
  readonly type = "decode_error";
  readonly error: LiveError;

  constructor(method: string, bytes: Uint8Array, context: DecodeContext, error: LiveError) {
    super(method, bytes, context);
    this.error = error;
  }

  override toJSON(): Record<string, unknown> {
    const { code, message } = this.error;
    return { ...plainJson(this), error: { code, message }, bytes: toBase64(this.bytes) };
  }
}

/**
 * A message with a schema and no flat shape.
 * @param user its main person, where the caller knows it
 */
export function otherEvent<M extends KnownMethod>(
  method: M,
  bytes: Uint8Array,
  context: DecodeContext,
  user?: User,
): OtherEvent {
  const event = new OtherMessage(method, bytes, context);
  event.user = user;
  readHead(event);
  return event;
}

/** A message without a schema. */
export function unknownEvent(method: string, bytes: Uint8Array, context: DecodeContext): UnknownEvent {
  const event = new UnknownMessage(method, bytes, context);
  readHead(event);
  return event;
}

/** A message that does not decode. */
export function decodeErrorEvent(
  method: string,
  bytes: Uint8Array,
  context: DecodeContext,
  error: LiveError,
): DecodeErrorEvent {
  const event = new UndecodableMessage(method, bytes, context, error);
  readHead(event);
  return event;
}

/** Methods whose head is not field 1, but this one. */
const HEAD_FIELDS: ReadonlyMap<string, number> = new Map<KnownMethod, number>([
  ["WebcastBindingGiftMessage", 2],
  ["WebcastWeeklyRankRewardMessage", 3],
]);

/** Reads the head that nearly every message has as its field 1; what has none keeps what the context says. */
function readHead(event: BaseEvent<string, string>): void {
  const { id, roomId, at } = event;
  const headTag = (HEAD_FIELDS.get(event.method) ?? 1) << 3 | 2;
  const reader = new WireReader(event.bytes);
  try {
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      if (tag === headTag) {
        readCommon(reader, event);
        return;
      }
      reader.skip(tag);
    }
  } catch (error) {
    if (!isLiveError(error)) throw error;
    event.id = id;
    event.roomId = roomId;
    event.at = at;
  }
}
