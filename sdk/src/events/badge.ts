/**
 * Badges beside a name (BadgeStruct).
 * @module
 */
import type { WireReader } from "../wire/reader.ts";
import { readPicture } from "./picture.ts";
import type { Badge } from "./types.ts";

/** BadgeSceneType to what it stands for. */
function kindOf(sceneType: number): Badge["kind"] {
  switch (sceneType) {
    case 1:
      return "moderator";
    case 4:
    case 7:
      return "subscriber";
    case 6:
      return "top_rank";
    case 8:
      return "gifter";
    case 10:
      return "fan";
    default:
      return "other";
  }
}

/** Reads one badge. The reader stands behind the tag. */
export function readBadge(reader: WireReader): Badge {
  const badge: Badge = { kind: "other", sceneType: 0 };
  reader.embedded((tag) => {
    switch (tag) {
      case 3 << 3:
        badge.sceneType = reader.int32();
        badge.kind = kindOf(badge.sceneType);
        break;
      case 12 << 3 | 2:
        readLevel(reader, badge);
        break;
      case 20 << 3 | 2: // ImageBadge {2 image}
        readPrint(reader, badge, 0, 2);
        break;
      case 21 << 3 | 2: // TextBadge {3 default_pattern}
        readPrint(reader, badge, 3, 0);
        break;
      case 22 << 3 | 2: // StringBadge {2 str}
        readPrint(reader, badge, 2, 0);
        break;
      case 23 << 3 | 2: // CombineBadgeStruct {2 icon, 4 str}
        readPrint(reader, badge, 4, 2);
        break;
      default:
        reader.skip(tag);
    }
  });
  return badge;
}

/** Reads text and picture of one of the badge's shapes, by their field numbers; 0 is "has none". */
function readPrint(reader: WireReader, badge: Badge, textField: number, imageField: number): void {
  reader.embedded((tag) => {
    if (tag === (textField << 3 | 2)) {
      const text = reader.string();
      if (text !== "") badge.text = text;
    } else if (tag === (imageField << 3 | 2)) {
      const imageUrl = readPicture(reader);
      if (imageUrl !== undefined) badge.imageUrl = imageUrl;
    } else reader.skip(tag);
  });
}

/** Reads PrivilegeLogExtra {5 level}, whose level is decimal text. */
function readLevel(reader: WireReader, badge: Badge): void {
  reader.embedded((tag) => {
    if (tag === (5 << 3 | 2)) {
      const text = reader.string();
      if (/^\d{1,9}$/.test(text)) badge.level = Number(text);
    } else reader.skip(tag);
  });
}
