import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { diskText, reasonText, slotsText, stateText, troubleText } from "./system_words.ts";

const NOW = 1_760_000_000_000;

describe("words for the system at work", () => {
  it("say which ways are open, which are left alone, since when and why", () => {
    const works = { state: "works", failures: 0, since: NOW - 180_000 } as const;
    assertEquals([stateText(works, NOW), reasonText(works, NOW)], ["open", "since 3 min ago"]);
    const rests = {
      ...{ state: "resting", code: "captcha" } as const,
      ...{ failures: 3, since: NOW - 60_000, next_try_at: NOW + 20_000 },
    };
    assertEquals([stateText(rests, NOW), reasonText(rests, NOW)], [
      "left alone, next try in 20 s",
      "TikTok asks for a captcha; 3 failures in a row, first 1 min ago",
    ]);
    const unknown = { state: "unknown", failures: 0 } as const;
    assertEquals([stateText(unknown, NOW), reasonText(unknown, NOW)], ["nothing known yet", ""]);
  });

  it("count slots, also where nobody knows how many there are", () => {
    assertEquals([slotsText(3, 8), slotsText(1, undefined)], ["3 of 8 slots used, 5 free", "1 recording"]);
  });

  it("say what the room on the disk means", () => {
    const disk = { free_bytes: 10e9, total_bytes: 20e9, least_free_bytes: 1e9, low: false };
    assertEquals(
      diskText(disk),
      "Enough: pictures and sound wait only when less than 1.0 GB is free, 9.0 GB from now.",
    );
    assertEquals(
      diskText({ ...disk, free_bytes: 1, low: true }),
      "Too little: pictures and sound wait until 1.0 GB are free. Events go on.",
    );
  });

  it("add up the last minutes", () => {
    const minute = (warnings: number, errors: number) => ({ at: NOW, warnings, errors });
    assertEquals(
      troubleText({ minutes: [minute(1, 0), minute(2, 1)], kinds: [] }),
      "In the last 2 minutes: one error, 3 warnings.",
    );
    assertEquals(
      troubleText({ minutes: [minute(0, 0)], kinds: [] }),
      "In the last 1 minutes: no errors, no warnings. All went well.",
    );
  });
});
