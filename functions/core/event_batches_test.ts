import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import type { EventLine } from "../ports/recorder.ts";
import { packEvents, unpackEvents } from "./event_batches.ts";

const PLACE = { recordingId: "1", seq: 5, token: 2 };

describe("packEvents()", () => {
  it("tells what is in the batch, and unpackEvents() gives the same lines back", async () => {
    const line = fc.record({
      type: fc.constantFrom("chat", "gift", "like"),
      id: fc.constant(""),
      at: fc.nat(),
      diamonds: fc.nat(1_000),
      json: fc.jsonValue().map((value) => JSON.stringify({ value })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 50 }), async (lines) => {
        const [batch, more] = await packEvents(lines, PLACE);
        assert(batch !== undefined && more === undefined);
        assertEquals(await unpackEvents(batch), lines.map((each) => each.json));
        assertEquals(batch.count, lines.length);
        assertEquals(Object.values(batch.types).reduce((sum, count) => sum + count, 0), lines.length);
        assertEquals(batch.diamonds, lines.reduce((sum, each) => sum + each.diamonds, 0));
        assertEquals([batch.firstAt, batch.lastAt], [
          Math.min(...lines.map((each) => each.at)),
          Math.max(...lines.map((each) => each.at)),
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it("splits what is too big for one item, and cuts a line that alone is", async () => {
    let state = 1;
    const noise = (length: number) =>
      Array.from({ length }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 8).toString(36);
      }).join("");
    const line = (text: string): EventLine => ({
      type: "chat",
      id: "",
      at: 7,
      diamonds: 0,
      json: JSON.stringify({ type: "chat", text }),
    });
    const lines = [...Array.from({ length: 6 }, () => line(noise(40_000))), line(noise(200_000))];
    const batches = await packEvents(lines, PLACE);
    assert(batches.length > 1);
    assertEquals(batches.map((batch) => batch.seq), batches.map((_, i) => PLACE.seq + i));
    assert(batches.every((batch) => batch.body.length <= 350_000));
    const stored = (await Promise.all(batches.map(unpackEvents))).flat();
    assertEquals(stored.slice(0, 6), lines.slice(0, 6).map((each) => each.json));
    assertEquals(stored.slice(6), ['{"type":"chat","at":7,"truncated":true}']);
  });
});
