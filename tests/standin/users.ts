/**
 * Invented people: hosts and viewers with everything that TikTok sends about a person, as fields for `encodeMessage`.
 * Names are put together from word lists; nobody real is meant.
 * @module
 */
import type { Random } from "./prng.ts";

/** Fields of a protobuf message, in camelCase. */
export type Fields = Record<string, unknown>;

/** A host or viewer. */
export interface Person {
  readonly id: string;
  /** The @name. */
  readonly username: string;
  readonly nickname: string;
  readonly secUid: string;
  /** Storage key of the avatar. */
  readonly avatarKey: string;
  readonly bio: string;
  readonly verified: boolean;
  readonly followers: number;
  readonly following: number;
  /** Whether they follow the host. */
  readonly followsHost: boolean;
  readonly moderator: boolean;
  readonly subscriber: boolean;
  /** 0 for no badge. */
  readonly fanLevel: number;
  /** 0 for no badge. */
  readonly gifterLevel: number;
}

const ADJECTIVES = [
  "amber",
  "brisk",
  "calm",
  "dapper",
  "early",
  "fuzzy",
  "gentle",
  "hazel",
  "icy",
  "jolly",
  "keen",
  "lunar",
  "mellow",
  "noble",
  "olive",
  "paper",
  "quiet",
  "rusty",
  "sunny",
  "tidy",
  "velvet",
  "windy",
  "young",
  "zesty",
] as const; // deno-fmt-ignore
const NOUNS = [
  "acorn", "badger", "comet", "dahlia", "ember", "falcon", "glacier", "harbor", "iris", "juniper", "kettle", "lantern",
  "meadow", "nutmeg", "otter", "pebble", "quill", "raven", "spruce", "teapot", "umbrella", "violet", "walnut", "yarrow",
] as const; // deno-fmt-ignore
const ORNAMENTS = ["✨", "🦦", "🌙", "🍀", "ʕ•ᴥ•ʔ", "♡", "🎧", "ツ", "·", "𝓢", "夜", "ночь"] as const;
const CDN_HOSTS = ["p16-sign-va", "p19-sign-va", "p16-sign-useast2a", "p77-sign-va"] as const;

const capital = (word: string): string => word[0]?.toUpperCase() + word.slice(1);

/**
 * Invents a viewer.
 * @param engagement from 0, a passer-by without a badge, to 1, a regular with several
 */
export function inventPerson(random: Random, engagement: number): Person {
  const adjective = random.pick(ADJECTIVES);
  const noun = random.pick(NOUNS);
  const username = `${adjective}${random.pick([".", "_", ""])}${noun}${random.int(1, 9999)}`;
  const plain = `${capital(adjective)} ${capital(noun)}`;
  const moderator = random.chance(0.02);
  return {
    id: random.digits(19).replace(/^\d/, random.pick(["6", "7"])),
    username,
    nickname: random.chance(0.4) ? `${plain} ${random.pick(ORNAMENTS)}` : random.chance(0.5) ? plain : username,
    secUid: `MS4wLjABAAAA${random.token(64)}`,
    avatarKey: hex(random, 32),
    bio: `${capital(noun)} and other ${adjective} things`,
    verified: random.chance(0.005),
    followers: Math.round(random.exponential(400)),
    following: Math.round(random.exponential(300)),
    followsHost: random.chance(0.5 + engagement / 2),
    moderator,
    subscriber: random.chance(0.04),
    fanLevel: random.chance(engagement) ? random.int(1, 35) : 0,
    gifterLevel: random.chance(engagement ** 2 * 0.9) ? random.int(1, 40) : 0,
  };
}

/** Invents a host with a given @name. */
export function inventHost(random: Random, username: string): Person {
  return {
    ...inventPerson(random, 0),
    username,
    nickname: `${username} ${random.pick(ORNAMENTS)}`,
    verified: true,
    followers: random.int(20_000, 2_000_000),
    following: random.int(20, 900),
    followsHost: false,
    moderator: false,
    subscriber: false,
    fanLevel: 0,
    gifterLevel: random.int(1, 30),
  };
}

function hex(random: Random, length: number): string {
  let text = "";
  while (text.length < length) text += random.int(0, 15).toString(16);
  return text;
}

/** URLs of a person's avatar, in the shape and length of TikTok's signed ones. */
export function avatarUrls(person: Person, sizePx: number, count: number): string[] {
  const key = person.avatarKey;
  return CDN_HOSTS.slice(0, count).map((host, index) =>
    `https://${host}.tiktokcdn.com/tos-maliva-avt-0068/${key}~tplv-tiktok-shrink:${sizePx}:${sizePx}.${
      index % 2 === 0 ? "webp" : "jpeg"
    }?lk3s=${key.slice(0, 8)}&x-expires=1800000000&x-signature=${key.slice(8, 30)}%3D`
  );
}

function avatar(person: Person, sizePx: number, count: number): Fields {
  return {
    urlList: avatarUrls(person, sizePx, count),
    uri: `${sizePx}x${sizePx}/tos-maliva-avt-0068/${person.avatarKey}`,
  };
}

/** A picture of TikTok's own, such as a badge or a gift. */
export function picture(name: string, hosts = 2): Fields {
  return {
    urlList: CDN_HOSTS.slice(0, hosts).map((host) =>
      `https://${host}.tiktokcdn.com/webcast-va/${name}.png~tplv-obj.image`
    ),
    uri: `webcast-va/${name}.png`,
    avgColor: "#3D3D3D",
  };
}

function levelBadge(
  kind: { scene: number; priority: number; name: string; privilege: string; panel: string },
  level: number,
): Fields {
  return {
    displayType: 4,
    priorityType: kind.priority,
    sceneType: kind.scene,
    position: 1,
    openweburl:
      `sslocal://webcast_lynxview_popup?use_spark=1&url=https%3A%2F%2Flf16-gecko-source.tiktokcdn.com%2Fobj%2Fbyte-gurd-source-sg%2Ftiktok%2Ffe%2Flive%2F${kind.panel}%2Fpages%2Fprivilege%2Fpanel%2Ftemplate.js&hide_status_bar=0&hide_nav_bar=1&container_bg_color=00000000&height=90%25`,
    display: true,
    privilegeLogExtra: {
      dataVersion: "2",
      privilegeId: kind.privilege,
      privilegeVersion: "0",
      privilegeOrderId: `mock_${kind.name}_${kind.privilege}`,
      level: String(level),
    },
    combine: {
      displayType: 4,
      icon: picture(`${kind.name}_badge_icon_lv${Math.ceil(level / 5) * 5}_v1`),
      str: String(level),
      padding: { useSpecific: true, middlePadding: 2, badgeWidth: 32, iconTopPadding: 1 },
      fontStyle: { fontSize: 11, fontWidth: 500, fontColor: "#FFFFFFFF" },
      profileCardPanel: { useNewProfileCardStyle: true, profileContent: { useContent: true } },
      background: { backgroundColorCode: "#B3475AFF" },
      backgroundDarkMode: { backgroundColorCode: "#B3475AFF" },
    },
  };
}

function imageBadge(scene: number, name: string): Fields {
  return {
    displayType: 1,
    priorityType: scene === 1 ? 10 : 20,
    sceneType: scene,
    position: 1,
    display: true,
    privilegeLogExtra: { dataVersion: "1", privilegeId: "7138381176787441414", level: "0" },
    image: { displayType: 1, image: picture(name) },
  };
}

/** Badges in the order that TikTok sends them: moderator, subscriber, gifter level, fan level. */
export function badgeFields(person: Person): Fields[] {
  const badges: Fields[] = [];
  if (person.moderator) badges.push(imageBadge(1, "moderater_badge_icon"));
  if (person.subscriber) badges.push(imageBadge(4, `sub_${person.avatarKey.slice(0, 24)}`));
  if (person.gifterLevel > 0) {
    badges.push(levelBadge({
      scene: 8,
      priority: 40,
      name: "grade",
      privilege: "7138381747292526756",
      panel: "tiktok_live_revenue_user_level_main",
    }, person.gifterLevel));
  }
  if (person.fanLevel > 0) {
    badges.push(levelBadge({
      scene: 10,
      priority: 30,
      name: "fans",
      privilege: "7196929090442529537",
      panel: "tiktok_live_revenue_fans_club_main",
    }, person.fanLevel));
  }
  return badges;
}

/** How much of a person a message carries. */
export type Detail = "full" | "medium" | "brief";

/**
 * A person as fields of the wire type `User`.
 * @param detail `full` adds the medium avatar (chats), `brief` leaves badges and relations out (viewer ranks)
 */
export function userFields(person: Person, detail: Detail): Fields {
  const fields: Fields = {
    id: person.id,
    nickname: person.nickname,
    avatarThumb: avatar(person, 100, 3),
    userAttr: { isAdmin: person.moderator },
    displayId: person.username,
    secUid: person.secUid,
  };
  if (detail === "brief") return { ...fields, idStr: person.id };
  if (detail === "full") fields["avatarMedium"] = avatar(person, 720, 2);
  return {
    ...fields,
    verified: person.verified,
    followInfo: {
      followingCount: person.following,
      followerCount: person.followers,
      followStatus: person.followsHost ? 1 : 0,
    },
    payGrade: { level: person.gifterLevel },
    badgeList: badgeFields(person),
    followStatus: person.followsHost ? 1 : 0,
    isFollower: person.followsHost,
    isSubscribe: person.subscriber,
  };
}

/** Relation to the host, as fields of the wire type `UserIdentity`. */
export function identityFields(person: Person): Fields {
  return {
    isGiftGiverOfAnchor: person.gifterLevel > 10,
    isSubscriberOfAnchor: person.subscriber,
    isFollowerOfAnchor: person.followsHost,
    isModeratorOfAnchor: person.moderator,
  };
}
