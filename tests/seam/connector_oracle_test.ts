/**
 * The flat fields of `@roomtone/sdk/compat` against those of connector 1.x itself (MIT, its last 1.x release from npm),
 * on the same bytes: captured ones where they are at hand, and invented ones.
 */
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { before, describe, it } from "node:test";
import { decodeMessage } from "@roomtone/sdk";
import { encodeMessage } from "@roomtone/sdk/testing";
import { EVENT_OF_METHOD, flatFields } from "../../sdk/src/compat/flatten.ts";
import { packageChecker, ROOT } from "../../scripts/tools.mjs";
import { readCaptures } from "../standin/captures.ts";
import { MessageGenerator } from "../standin/generator.ts";
import type { CapturedMessage } from "../standin/live_feed.ts";
import { createRandom } from "../standin/prng.ts";
import { inventHost } from "../standin/users.ts";

const CAPTURES = join(ROOT, "..", "shared", "captures", "messages.ndjson");
const absent = !existsSync(CAPTURES) && process.env["CI"] !== "true";
const INVENTED = 3000;

/** What ours gives where 1.x gives nothing: the pictures of people who fight in a battle, which 1.x misreads. */
const OURS_ALONE = /^battleArmies\.\d+\.participants\.\d+\.(profilePictureUrl|userDetails\.profilePictureUrls\.\d+)$/;

/** What 1.x does with bytes: decode, then flatten. */
let flatten: (method: string, bytes: Uint8Array) => unknown;

/** Every leaf by its path; long numbers and bytes as text, as scripts print them. */
function leaves(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) found.set(path, String(value));
  else if ("toNumber" in value) found.set(path, String(value));
  else for (const [key, child] of Object.entries(value)) leaves(child, path === "" ? key : `${path}.${key}`, found);
  return found;
}

/** Protobuf's default, and what 1.x makes of a missing one. */
const isNothing = (text: string | undefined) =>
  ["", "0", "null", "undefined", "false", "NaN", undefined].includes(text);

/** Paths at which ours differs from 1.x. */
function differences({ method, payload }: CapturedMessage): string[] {
  const theirs = leaves(flatten(method, payload));
  const ours = leaves(flatFields(decodeMessage(method, payload)));
  return [...new Set([...theirs.keys(), ...ours.keys()])].flatMap((path) => {
    const [one, other] = [theirs.get(path), ours.get(path)];
    const same = one === other || (isNothing(one) && (isNothing(other) || OURS_ALONE.test(path)));
    return same ? [] : [`${method} ${path}`];
  });
}

/** Messages of a busy room, those that 1.x decodes. */
function invented(): CapturedMessage[] {
  const generator = new MessageGenerator("oracle", inventHost(createRandom("oracle/host"), "oracle.host"), 1);
  return Array.from({ length: INVENTED }, (_, index) => {
    const { method, fields, common, atMs } = generator.next();
    const head = {
      ...common,
      method,
      msgId: 7_300_000_000_000_000_000n + BigInt(index),
      roomId: "7300000000000000000",
    };
    const createTime = 1_700_000_000_000 + Math.round(atMs);
    const payload = encodeMessage(method as "WebcastChatMessage", { ...fields, common: { ...head, createTime } });
    return { method, payload };
  }).filter(({ method }) => method in EVENT_OF_METHOD);
}

describe("the flat fields of compat and those of connector 1.x", () => {
  before(() => {
    const file = packageChecker("connector");
    const load = createRequire(file);
    const { deserializeMessage } = load(file);
    const { simplifyObject } = load(join(dirname(file), "webcastDataConverter.js"));
    flatten = (method, bytes) => simplifyObject(deserializeMessage(method, bytes));
  });

  it("are the same on invented messages", () => {
    const messages = invented();
    const methods = new Set(messages.map(({ method }) => method));
    assert(methods.size >= 9, [...methods].join(" "));
    assertEquals([...new Set(messages.flatMap(differences))], []);
  });

  it("are the same on captured messages", { skip: absent && "SKIPPED: no captures" }, async () => {
    const messages = (await readCaptures(CAPTURES)).filter(({ method }) => method in EVENT_OF_METHOD);
    assertEquals(new Set(messages.map(({ method }) => method)).size, Object.keys(EVENT_OF_METHOD).length);
    assertEquals([...new Set(messages.flatMap(differences))], []);
  });
});
