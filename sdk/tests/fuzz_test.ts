/** A short run of `npm run bench -- fuzz` on every runtime. */
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { fuzz, fuzzCorpus } from "../../tests/bench/fuzz_run.ts";

describe("the decoders", () => {
  it("take 20,000 mutated messages, batches and frames: events or LiveErrors, nothing else", () => {
    const { messages } = fuzzCorpus();
    const result = fuzz(messages, "test", 20_000);
    assertEquals(result.faults, []);
    const { chat = 0, decode_error = 0, frame = 0, batch = 0 } = result.outcomes;
    // The run is worth something: all ways in and out were taken.
    assert(Math.min(chat, decode_error, frame, batch, result.refusals, result.whole) > 100, JSON.stringify(result));
  });
});
