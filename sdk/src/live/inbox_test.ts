import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { encodeFetchResult, encodePushFrame } from "../testing/encode.ts";
import { settle } from "../testing/fakes.ts";
import type { Gunzip } from "../wire/gunzip.ts";
import { Inbox, MAX_WAITING_BYTES } from "./inbox.ts";

function setUp(gunzip: Gunzip) {
  const log: string[] = [];
  const inbox = new Inbox(gunzip, {
    frame: () => undefined,
    batch: ({ cursor }) => log.push(cursor),
    undecodable: (_bytes, _error, receivedAt) => log.push(`undecodable ${receivedAt}`),
    dropped: (frames, from, to) => log.push(`dropped ${frames} ${from} ${to}`),
  });
  return { inbox, log };
}

const frame = (cursor: string, gzip: boolean, size = 0) =>
  encodePushFrame({
    payloadType: "msg",
    headers: gzip ? { compress_type: "gzip" } : {},
    payload: encodeFetchResult({ cursor, internalExt: new Uint8Array(size) }),
  });

describe("Inbox", () => {
  it("keeps the order of arrival, whatever gunzip takes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.boolean(), { maxLength: 12 }), async (scheduler, kinds) => {
        const { inbox, log } = setUp((bytes) => scheduler.schedule(Promise.resolve(bytes)));
        kinds.forEach((gzip, index) => {
          inbox.receive(frame(String(index), gzip), index);
          inbox.after(() => log.push(`after ${index}`));
        });
        // Each frame asks for gunzip only when the one before is done.
        for (let round = 0; round <= kinds.length; round++) {
          await scheduler.waitAll();
          await settle();
        }
        assertEquals(log, kinds.flatMap((_, index) => [String(index), `after ${index}`]));
      }),
      { numRuns: 30 },
    );
  });

  it("drops the oldest and says so when gunzip falls too far behind", async () => {
    const gate = Promise.withResolvers<void>();
    const { inbox, log } = setUp((bytes) => gate.promise.then(() => bytes));
    const size = MAX_WAITING_BYTES / 4;
    for (let index = 0; index < 6; index++) inbox.receive(frame(String(index), true, size), index);
    gate.resolve();
    await settle();
    assertEquals(log, ["dropped 1 1 1", "dropped 1 2 2", "0", "3", "4", "5"]);
  });

  it("reports what gunzip refuses, and says nothing once it is closed", async () => {
    const failing = setUp(() => Promise.reject(new Error("broken")));
    failing.inbox.receive(frame("a", true), 1);
    failing.inbox.receive(frame("b", false), 2);
    await settle();
    assertEquals(failing.log, ["undecodable 1", "b"]);
    const gate = Promise.withResolvers<Uint8Array>();
    const closing = setUp(() => gate.promise);
    closing.inbox.receive(frame("a", true), 1);
    closing.inbox.receive(frame("b", false), 2);
    closing.inbox.close();
    gate.reject(new Error("late"));
    await settle();
    assertEquals(closing.log, []);
  });
});
