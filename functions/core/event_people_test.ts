import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { EventLine } from "../ports/recorder.ts";
import { packEvents, unpackEvents } from "./event_batches.ts";
import { KnownPeople, PeopleCache } from "./event_people.ts";
import { waitForEvents } from "./recording_events.ts";

interface Somebody {
  id: string;
  username: string;
  nickname: string;
  avatarUrl: string;
  badges: unknown[];
  followsHost: boolean;
}

const somebody = (n: number, face = 0, signature = 0): Somebody => ({
  id: `700000000000000000${n}`,
  username: `user.${n}`,
  nickname: `Näme ${n}`,
  avatarUrl: `https://p${signature}.example/avatar/${n}.webp?x-signature=${signature}`,
  badges: face === 0 ? [] : [{ kind: "fan", sceneType: 10, level: face }],
  followsHost: face % 2 === 1,
});
const line = (event: Record<string, unknown>): EventLine => ({
  type: String(event["type"]),
  id: "",
  at: 1,
  diamonds: 0,
  json: JSON.stringify(event),
});
const PLACE = { recordingId: "1", token: 1 };

/** A log with these flushes, and what stands in it as stored and as read. */
async function stored(flushes: readonly (readonly Record<string, unknown>[])[]) {
  const store = sqliteStore(":memory:");
  await store.wantRecording({ roomId: "1", username: "host", title: "" }, 1);
  const people = new KnownPeople();
  let seq = 1;
  for (const flush of flushes) {
    for (const batch of await packEvents(flush.map(line), { ...PLACE, seq }, people)) {
      await store.appendEvents(batch);
      seq++;
    }
  }
  const raw = async () =>
    (await Promise.all((await store.listEvents("1", { after: 0, limit: 1_000 })).map(unpackEvents))).flat()
      .map((text) => JSON.parse(text) as Record<string, unknown>);
  const deps = { store, clock: new ManualClock(), people: new PeopleCache(3) };
  const read = (request: { after?: string; limit?: number; types?: string[] } = {}) =>
    waitForEvents(deps, "1", { after: "0", limit: 1_000, ...request }, 0, new AbortController().signal);
  return { store, raw, read, close: () => store.close() };
}

describe("people in stored events", () => {
  it("are written once, then referred to by batch and line, in all the places where events have people", async () => {
    const [ann, bob] = [somebody(1), somebody(2)];
    const flushes = [
      [{ type: "chat", user: ann, text: "a", mentions: [bob] }, { type: "like", user: ann }],
      [{ type: "viewers", top: [{ rank: 1, user: bob }, { rank: 2, user: somebody(3) }] }],
      [{ type: "chat", user: somebody(3), mentions: [ann] }, { type: "moderator", user: bob, operator: ann }],
    ];
    const { raw, read, close } = await stored(flushes);
    const lines = await raw();
    assertEquals(lines[1]?.["user"], { id: ann.id, facts: "1-0" });
    assertEquals(lines[2]?.["top"], [{ rank: 1, user: { id: bob.id, facts: "1-0" } }, { rank: 2, user: somebody(3) }]);
    assertEquals(lines[3], {
      type: "chat",
      user: { id: somebody(3).id, facts: "2-0" },
      mentions: [{ id: ann.id, facts: "1-0" }],
    });
    assertEquals((await read()).events.map(({ event }) => event), flushes.flat());
    close();
  });

  it("keep their names beside the reference in gifts", async () => {
    const { raw, read, close } = await stored([[{ type: "gift", user: somebody(1) }], [{
      type: "gift",
      user: somebody(1),
      value: 5,
    }]]);
    const { id, username, nickname } = somebody(1);
    assertEquals((await raw())[1], { type: "gift", user: { id, username, nickname, facts: "1-0" }, value: 5 });
    assertEquals((await read({ after: "1" })).events[0]?.event, { type: "gift", user: somebody(1), value: 5 });
    close();
  });

  it("are written again when something about them changes, not for a new signature of their picture", async () => {
    const faces = [somebody(1), somebody(1, 0, 7), somebody(1, 4), somebody(1), somebody(1, 4, 9)];
    const { raw, read, close } = await stored(faces.map((user) => [{ type: "join", user }]));
    const lines = await raw();
    assertEquals(lines.map(({ user }) => (user as { facts?: string }).facts), [
      undefined,
      "1-0",
      undefined,
      "1-0",
      "3-0",
    ]);
    assertEquals((await read()).events.map(({ event }) => event["user"]), [
      faces[0],
      faces[0],
      faces[2],
      faces[0],
      faces[2],
    ]);
    close();
  });

  it("who cannot be found any more have their id and empty fields", async () => {
    const { store, read, close } = await stored([[{ type: "gift", user: somebody(1) }]]);
    const user = { id: "5", facts: "99-0" };
    const [batch] = await packEvents([
      line({ type: "chat", user }),
      line({ type: "gift", user: { ...user, nickname: "N" } }),
    ], {
      ...PLACE,
      seq: 2,
    });
    assert(batch !== undefined);
    await store.appendEvents(batch);
    const nobody = {
      id: "5",
      username: "",
      nickname: "",
      verified: false,
      badges: [],
      moderator: false,
      subscriber: false,
      followsHost: false,
    };
    assertEquals((await read({ after: "1" })).events.map(({ event }) => event["user"]), [nobody, {
      ...nobody,
      nickname: "N",
    }]);
    close();
  });

  it("what TikTok itself sends as data is left as it is, also when it looks like a reference", async () => {
    const event = { type: "banner", data: { user: { id: "5", facts: "1-0" }, username: "x" }, user: null, top: "none" };
    const { read, close } = await stored([[{ type: "chat", user: somebody(5) }, event]]);
    assertEquals((await read()).events[1]?.event, event);
    close();
  });

  it("are whole for every place, filter and page size", async () => {
    const person = fc.record({ n: fc.nat(4), face: fc.nat(2) }).map(({ n, face }) => somebody(n, face));
    const event = fc.oneof(
      fc.record({ type: fc.constant("chat"), user: person, mentions: fc.array(person, { maxLength: 2 }) }),
      fc.record({ type: fc.constant("gift"), user: person, to: person }),
      fc.record({ type: fc.constant("viewers"), top: fc.array(fc.record({ user: person }), { maxLength: 3 }) }),
    );
    const flushes = fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(flushes, fc.integer({ min: 1, max: 5 }), async (given, limit) => {
        const all = JSON.parse(JSON.stringify(given.flat())) as Record<string, unknown>[];
        const { read, close } = await stored(given);
        let after = "0";
        for (let at = 0; at < all.length;) {
          const page = await read({ after, limit });
          assertEquals(page.events.map((each) => each.event), all.slice(at, at + limit));
          at += page.events.length;
          ({ after } = page);
        }
        const gifts = await read({ types: ["gift"] });
        assertEquals(gifts.events.map((each) => each.event), all.filter(({ type }) => type === "gift"));
        close();
      }),
      { numRuns: 60 },
    );
  });

  it("a page ends before it would need more than 200 earlier batches, and the next one goes on", async () => {
    const each = Array.from({ length: 450 }, (_, n) => [{ type: "join", user: somebody(n) }]);
    const all = Array.from({ length: 450 }, (_, n) => ({ type: "chat", user: somebody(n), text: "x" }));
    const { read, close } = await stored([...each, all]);
    const texts: unknown[] = [];
    let after = "450";
    let pages = 0;
    for (; texts.length < all.length; pages++) {
      const page = await read({ after });
      assert(page.events.length <= 200);
      texts.push(...page.events.map(({ event }) => event));
      ({ after } = page);
    }
    assertEquals([texts, pages], [all, 3]);
    close();
  });
});
