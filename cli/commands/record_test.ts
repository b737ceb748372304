import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";
import { run } from "./record.ts";

describe("roomtone record", () => {
  const io: CliIo = {
    out: () => {},
    err: () => {},
    status: () => {},
    env: {},
    signal: new AbortController().signal,
    now: () => 0,
  };

  it("refuses an engine that there is not, before anything is asked for", async () => {
    const error = await assertRejects(() => run(["some.host", "--engine", "vlc"], io));
    assertEquals(
      error instanceof UsageError ? error.message : error,
      "there is no engine vlc: it is inprocess or ffmpeg",
    );
  });

  it("refuses what is no whole number where it takes one", async () => {
    for (const [option, most] of [["--min-free-mb", 1_000_000_000], ["--thumbnail-every-s", 86_400]] as const) {
      for (const value of ["much", "", "1.5", "9999999999"]) {
        const error = await assertRejects(() => run(["some.host", option, value], io));
        assertEquals(
          error instanceof UsageError ? error.message : error,
          `${option} takes a whole number from 0 to ${most}`,
        );
      }
    }
  });
});
