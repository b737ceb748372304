/** A live of the stand-in, recorded and replayed, over this runtime's own fetch and sockets. */
import { assert, assertEquals } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { type LiveEvent, TikTok } from "../mod.ts";
import { recordFrames, replay } from "../replay.ts";
import { startStandin } from "../../tests/standin/mod.ts";

describe("a replay of a live on the stand-in", () => {
  let standin: Awaited<ReturnType<typeof startStandin>>;
  before(async () => {
    standin = await startStandin({ media: false, seed: "replay" });
  });
  after(() => standin.stop());

  it("gives the same events byte by byte, over drops, duplicates, a half frame and a new room", async () => {
    const room = standin.room("some.host");
    room.startLive({ speed: 20 });
    const live = new TikTok({ baseUrls: standin.baseUrls, random: () => 0 }).live("some.host", { giftDetails: true });
    const pieces: Uint8Array[] = [];
    const recording = (async () => {
      for await (const bytes of recordFrames(live)) pieces.push(bytes);
    })();
    const events: LiveEvent[] = [];
    const lines: string[] = [];
    const reading = (async () => {
      for await (const event of live) {
        events.push(event);
        // Now, as a program would: nothing that comes later may change it.
        lines.push(JSON.stringify(event));
      }
    })();
    const gift = new Promise<void>((resolve) => live.on("gift", ({ streak }) => streak.ended && resolve()));
    await live.connected;
    await gift;
    const some = async () => {
      const { acked } = room.stats();
      await room.until((stats) => stats.sockets === 1 && stats.acked >= acked + 20);
    };
    await some();
    room.fault({ kind: "socket_half_frame" });
    await room.until((stats) => stats.sockets === 0);
    await some();
    room.fault({ kind: "duplicate_messages", count: 10 });
    await some();
    room.fault({ kind: "new_room" });
    await some();
    room.endLive();
    await Promise.all([reading, recording]);

    const types = new Set(events.map((event) => event.type));
    for (const type of ["connected", "gap", "state", "chat", "gift", "like", "join", "ended"] as const) {
      assert(types.has(type), `the live had no ${type}`);
    }
    const replayed = replay(pieces);
    const again: string[] = [];
    for await (const event of replayed) again.push(JSON.stringify(event));
    // One line is enough to see what differs.
    const differs = lines.findIndex((line, index) => line !== again[index]);
    assertEquals([differs, again[differs], again.length], [-1, lines[differs], lines.length]);
    const { report } = replayed;
    assertEquals([report.frames, report.lost, report.cutBytes, report.end], [live.counters.frames, 0, 0, "ended"]);
  });
});
