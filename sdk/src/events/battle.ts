/**
 * Battles between hosts, and their points.
 * @module
 */
import { WireReader } from "../wire/reader.ts";
import { BaseEvent, type DecodeContext, optionalId, readCommon } from "./base.ts";
import { readPicture } from "./picture.ts";
import type { BattleEvent, BattleHost, BattleScoresEvent, BattleSupporter, BattleTeam } from "./types.ts";

class LinkMicBattle extends BaseEvent<"battle", "WebcastLinkMicBattle"> implements BattleEvent {
  readonly type = "battle";
  battleId = "";
  status: BattleEvent["status"] = "other";
  action = 0;
  hosts: BattleHost[] = [];
  teams: BattleTeam[] = [];
}

/** BattleAction to what it means. */
function battleStatus(action: number): BattleEvent["status"] {
  if (action === 4) return "opened";
  return action === 5 ? "finished" : "other";
}

/** WebcastLinkMicBattle to event. */
export function decodeBattle(bytes: Uint8Array, context: DecodeContext): BattleEvent {
  const event = new LinkMicBattle("WebcastLinkMicBattle", bytes, context);
  const results: BattleTeam[] = [];
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3:
        event.battleId = optionalId(reader.id());
        break;
      case 4 << 3:
        event.action = reader.int32();
        break;
      case 5 << 3 | 2:
        results.push(readResult(reader));
        break;
      case 9 << 3 | 2:
        event.teams.push(readArmies(reader));
        break;
      case 10 << 3 | 2:
        event.hosts.push(readHost(reader));
        break;
      default:
        reader.skip(tag);
    }
  }
  event.status = battleStatus(event.action);
  if (event.teams.length === 0) event.teams = results;
  return event;
}

class LinkMicArmies extends BaseEvent<"battle_scores", "WebcastLinkMicArmies"> implements BattleScoresEvent {
  readonly type = "battle_scores";
  battleId = "";
  status = 0;
  teams: BattleTeam[] = [];
}

/** WebcastLinkMicArmies to event. */
export function decodeArmies(bytes: Uint8Array, context: DecodeContext): BattleScoresEvent {
  const event = new LinkMicArmies("WebcastLinkMicArmies", bytes, context);
  const reader = new WireReader(bytes);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 1 << 3 | 2:
        readCommon(reader, event);
        break;
      case 2 << 3:
        event.battleId = optionalId(reader.id());
        break;
      case 3 << 3 | 2:
        event.teams.push(readArmies(reader));
        break;
      case 7 << 3:
        event.status = reader.int32();
        break;
      default:
        reader.skip(tag);
    }
  }
  return event;
}

/** Entry {1 host id, 2 BattleUserArmies {1 user_armies, 2 host_score}}. */
function readArmies(reader: WireReader): BattleTeam {
  const supporters: BattleSupporter[] = [];
  const team: BattleTeam = { hostId: "", points: 0, supporters };
  reader.embedded((tag) => {
    if (tag === 1 << 3) team.hostId = optionalId(reader.id());
    else if (tag === (2 << 3 | 2)) {
      reader.embedded((tag) => {
        if (tag === (1 << 3 | 2)) supporters.push(readSupporter(reader));
        else if (tag === 2 << 3) team.points = reader.int64();
        else reader.skip(tag);
      });
    } else reader.skip(tag);
  });
  return team;
}

/** BattleUserArmy {1 user_id, 2 score, 3 nickname, 4 avatar_thumb}. */
function readSupporter(reader: WireReader): BattleSupporter {
  const supporter: BattleSupporter = { id: "", nickname: "", avatarUrl: undefined, points: 0 };
  reader.embedded((tag) => {
    switch (tag) {
      case 1 << 3:
        supporter.id = optionalId(reader.id());
        break;
      case 2 << 3:
        supporter.points = reader.int64();
        break;
      case 3 << 3 | 2:
        supporter.nickname = reader.string();
        break;
      case 4 << 3 | 2:
        supporter.avatarUrl = readPicture(reader);
        break;
      default:
        reader.skip(tag);
    }
  });
  return supporter;
}

/** Entry {1 host id, 2 BattleResult {3 score}}. */
function readResult(reader: WireReader): BattleTeam {
  const team: BattleTeam = { hostId: "", points: 0, supporters: [] };
  reader.embedded((tag) => {
    if (tag === 1 << 3) team.hostId = optionalId(reader.id());
    else if (tag === (2 << 3 | 2)) {
      reader.embedded((tag) => {
        if (tag === 3 << 3) team.points = reader.int64();
        else reader.skip(tag);
      });
    } else reader.skip(tag);
  });
  return team;
}

/** Entry {1 host id, 2 BattleUserInfo {1 BattleBaseUserInfo}}. */
function readHost(reader: WireReader): BattleHost {
  const host: BattleHost = { id: "", username: "", nickname: "", avatarUrl: undefined };
  reader.embedded((tag) => {
    if (tag === 1 << 3) host.id = optionalId(reader.id());
    else if (tag === (2 << 3 | 2)) {
      reader.embedded((tag) => {
        if (tag === (1 << 3 | 2)) readHostInfo(reader, host);
        else reader.skip(tag);
      });
    } else reader.skip(tag);
  });
  return host;
}

/** BattleBaseUserInfo {1 user_id, 2 nick_name, 3 avatar_thumb, 4 display_id}. */
function readHostInfo(reader: WireReader, host: BattleHost): void {
  reader.embedded((tag) => {
    switch (tag) {
      case 1 << 3:
        host.id = optionalId(reader.id()) || host.id;
        break;
      case 2 << 3 | 2:
        host.nickname = reader.string();
        break;
      case 3 << 3 | 2:
        host.avatarUrl = readPicture(reader);
        break;
      case 4 << 3 | 2:
        host.username = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  });
}
