/**
 * What few scripts read of a person: picture, badges, levels, relations.
 * @module
 */
import { isLiveError } from "../errors.ts";
import { WireReader } from "../wire/reader.ts";
import { readBadge } from "./badge.ts";
import { readPicture } from "./picture.ts";
import type { Badge } from "./types.ts";

/** The fields of a User beside its names. */
export interface UserDetails {
  avatarUrl: string | undefined;
  secUid: string | undefined;
  verified: boolean;
  badges: Badge[];
  moderator: boolean;
  subscriber: boolean;
  followsHost: boolean;
  fanLevel: number | undefined;
  gifterLevel: number | undefined;
}

/**
 * Reads the details of a User.
 * @param bytes the whole message
 * @param userAt offset of the length of the User, -1 for none
 * @param identityAt the same of the message's UserIdentity, which knows the relation to the host best
 */
export function readUserDetails(bytes: Uint8Array, userAt: number, identityAt: number): UserDetails {
  const details: UserDetails = {
    avatarUrl: undefined,
    secUid: undefined,
    verified: false,
    badges: [],
    moderator: false,
    subscriber: false,
    followsHost: false,
    fanLevel: undefined,
    gifterLevel: undefined,
  };
  try {
    readUser(WireReader.within(bytes, userAt), details);
    readIdentity(WireReader.within(bytes, identityAt), details);
  } catch (error) {
    // A person whose bytes break off keeps what stands before the break.
    if (!isLiveError(error)) throw error;
  }
  for (const badge of details.badges) {
    if (badge.kind === "moderator") details.moderator = true;
    else if (badge.kind === "subscriber") details.subscriber = true;
    else if (badge.kind === "fan") details.fanLevel = badge.level ?? details.fanLevel;
    else if (badge.kind === "gifter") details.gifterLevel = badge.level ?? details.gifterLevel;
  }
  return details;
}

function readUser(reader: WireReader, details: UserDetails): void {
  // avatar_thumb, avatar_medium, avatar_large: the first one that is there, in whatever order they came.
  const avatars: (string | undefined)[] = [undefined, undefined, undefined];
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 9 << 3 | 2:
      case 10 << 3 | 2:
      case 11 << 3 | 2:
        avatars[(tag >>> 3) - 9] = readPicture(reader);
        details.avatarUrl = avatars.find((url) => url !== undefined);
        break;
      case 12 << 3:
        details.verified = reader.bool();
        break;
      case 22 << 3 | 2: // FollowInfo {3 follow_status}
        if (readNumber(reader, 3) > 0) details.followsHost = true;
        break;
      case 23 << 3 | 2: // UserHonor {6 level}
        details.gifterLevel = readNumber(reader, 6) || undefined;
        break;
      case 24 << 3 | 2: // FansClubMember {1 data {2 level}}
        reader.embedded((tag) => {
          if (tag === (1 << 3 | 2)) details.fanLevel = readNumber(reader, 2) || details.fanLevel;
          else reader.skip(tag);
        });
        break;
      case 32 << 3 | 2: // UserAttr {2 is_admin}
        if (readNumber(reader, 2) > 0) details.moderator = true;
        break;
      case 46 << 3 | 2:
        details.secUid = reader.string() || undefined;
        break;
      case 63 << 3 | 2: // SubscribeInfo {2 is_subscribe}
        if (readNumber(reader, 2) > 0) details.subscriber = true;
        break;
      case 64 << 3 | 2:
        details.badges.push(readBadge(reader));
        break;
      case 66 << 3 | 2: // FansClubInfo {2 fans_level}
        details.fanLevel = readNumber(reader, 2) || details.fanLevel;
        break;
      case 1024 << 3: // follow_status
        if (reader.int64() > 0) details.followsHost = true;
        break;
      case 1029 << 3: // is_follower
        if (reader.bool()) details.followsHost = true;
        break;
      case 1090 << 3: // is_subscribe
        if (reader.bool()) details.subscriber = true;
        break;
      default:
        reader.skip(tag);
    }
  }
}

/** UserIdentity: 2 subscriber, 3 mutual following, 4 follower, 5 moderator, each of the host. */
function readIdentity(reader: WireReader, details: UserDetails): void {
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 2 << 3:
        if (reader.bool()) details.subscriber = true;
        break;
      case 3 << 3:
      case 4 << 3:
        if (reader.bool()) details.followsHost = true;
        break;
      case 5 << 3:
        if (reader.bool()) details.moderator = true;
        break;
      default:
        reader.skip(tag);
    }
  }
}

/** One integer or flag of an embedded message; 0 when it is not there. */
function readNumber(reader: WireReader, field: number): number {
  let value = 0;
  reader.embedded((tag) => {
    if (tag === field << 3) value = reader.int64();
    else reader.skip(tag);
  });
  return value;
}
