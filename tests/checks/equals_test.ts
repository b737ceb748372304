/**
 * docs/equals.md: everything that the two clients' pages offer has a row, everything that compat has has a row, and
 * every name of ours in it exists.
 */
import { assert, assertEquals } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { read, ROOT } from "./source_files.ts";

const SEEDS = join(ROOT, "..", "shared", "seeds");
const absent = !existsSync(SEEDS) && process.env["CI"] !== "true" && "SKIPPED: ../shared/seeds is not there";

/** Events of 1.x: its page came without the list of them. */
const EVENTS_1X = `connected disconnected streamEnd rawData decodedData websocketConnected error chat gift member like
  social follow share roomUser questionNew linkMicBattle linkMicArmies liveIntro emote envelope subscribe`.split(/\s+/);
/** Methods of 1.x; the page's translation spoiled some of their names. */
const METHODS_1X = ["connect", "disconnect", "getState", "getRoomInfo", "getAvailableGifts", "sendMessage"];
/** What stands in the right column and is no name of the SDK's: JavaScript, the web, the recorder. */
const FOREIGN = `await const for new of AbortSignal timeout ms record dir https http bun deno node true false name
  host live event id liveStream sessionid`.split(/\s+/);

const page = read("docs/equals.md");
const [, go = "", connector = ""] = page.split(/^## .*$/m);

/** Cells of the rows of all tables in a text. */
function rows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => /^\| (?!---)/.test(line));
  return lines.map((line) => line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim()));
}

/** Names in the code of a cell. */
function namesIn(cell: string): string[] {
  const code = [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
  // Text in quotes is a value.
  return code.flatMap((text) => text.replace(/"[^"]*"/g, "").match(/[A-Za-z_$][\w$]*/g) ?? []);
}

const left = (text: string) => new Set(rows(text).flatMap(([first = ""]) => namesIn(first)));
const missing = (wanted: Iterable<string>, there: ReadonlySet<string>) =>
  [...new Set(wanted)].filter((name) => !there.has(name));
const seed = (file: string) => readFileSync(join(SEEDS, file), "utf8");

/** Names of the top level of an interface in api.txt, with those inside of inline objects. */
function fieldsOf(api: string, name: string): string[] {
  const found = new RegExp(`^(?:interface|type|class) ${name}\\b.*\n(?:  .*\n)*`, "m").exec(api);
  assert(found !== null, `sdk/api.txt has no ${name}`);
  return [...found[0].matchAll(/(\w+)\??(?=: |\()/g)].map((match) => match[1] ?? "");
}

describe("docs/equals.md", () => {
  const api = read("sdk/api.txt");
  const compat = /^# @roomtone\/sdk\/compat\n([\s\S]*?)^# /m.exec(api)?.[1] ?? "";

  it("has all of GoTikTokLive's page", { skip: absent }, () => {
    const text = seed("gotiktoklive.md");
    const methods = [...text.matchAll(/^func (?:\(t \*TikTok\) )?(\w+)\(/gm)].map((match) => match[1] ?? "");
    const structs = [...text.matchAll(/^type (\w+) struct \{([^}]*)\}/gm)].filter(([, name]) => name !== "TikTok");
    const fields = structs.flatMap(([, name = "", body = ""]) => [
      name,
      ...[...body.matchAll(/^\t(\w+)\s+\S/gm)].map((match) => match[1] ?? ""),
    ]);
    const kinds = [...text.matchAll(/^\t(USER_\w+)/gm)].map((match) => match[1] ?? "");
    const used = [...text.matchAll(/\b(?:live|Live|feed|Feed|stream|feedItem|recommendedStreams\[0\])\.([A-Z]\w*)/g)];
    const options = /^type TikTok struct \{([^}]*)\}/m.exec(text)?.[1]?.match(/^\t[A-Z]\w+/gm)?.map((one) =>
      one.trim()
    );
    const wanted = [...methods, ...fields, ...kinds, ...used.map((match) => match[1] ?? ""), ...options ?? []];
    assert(methods.length >= 12 && fields.length >= 50 && options?.length === 2, `${methods} ${fields} ${options}`);
    assertEquals(missing([...wanted, "HTTPS_PROXY", "ALL_PROXY"], left(go)), []);
  });

  it("has all of connector 1.x's page", { skip: absent }, () => {
    const text = seed("tiktok_live_connector_1x.md");
    const options = [...text.matchAll(/(\w+) \(по умолчанию/g)].map((match) => match[1] ?? "");
    assertEquals(options.length, 12);
    const state = ["isConnected", "upgradedToWebsocket", "roomId", "roomInfo"];
    assert(state.every((name) => text.includes(name)) && METHODS_1X.slice(-1).every((name) => text.includes(name)));
    assertEquals(missing([...options, ...state, ...METHODS_1X, ...EVENTS_1X, "timeout"], left(connector)), []);
  });

  it("has all of compat", () => {
    assertEquals(missing(fieldsOf(compat, "WebcastOptions"), new Set([...left(connector), "tiktok"])), []);
    const events = fieldsOf(compat, "WebcastEvents").filter((name) => name !== "action");
    assertEquals([...events].sort(), [...EVENTS_1X].sort());
    const names = new Set(rows(connector).flatMap((cells) => cells.slice(0, 2).flatMap(namesIn)));
    const shapes = [...compat.matchAll(/^interface (Webcast(?!Options)\w+)/gm)].map((match) => match[1] ?? "");
    assert(shapes.length >= 17, String(shapes));
    assertEquals(missing(shapes.flatMap((shape) => fieldsOf(compat, shape)), names), []);
    const methods = fieldsOf(compat, "WebcastPushConnection").filter((name) => /^(get|send|connect|disc)/.test(name));
    assertEquals(missing(methods, left(connector)), []);
  });

  it("names only what exists", () => {
    const words = (text: string) => text.match(/[A-Za-z_$][\w$]*/g) ?? [];
    const known = new Set([...words(api), ...words(read("sdk/src/gen/messages.ts")), ...FOREIGN]);
    const ours = rows(page).flatMap((cells) => namesIn(cells.at(-1) ?? ""));
    assert(ours.length > 200, `only ${ours.length}`);
    assertEquals(missing(ours, known), []);
  });
});
