import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";
import { run } from "./record.ts";

describe("roomtone record", () => {
  it("refuses an engine that there is not, before anything is asked for", async () => {
    const io: CliIo = {
      out: () => {},
      err: () => {},
      status: () => {},
      env: {},
      signal: new AbortController().signal,
      now: () => 0,
    };
    const error = await assertRejects(() => run(["some.host", "--engine", "vlc"], io));
    assertEquals(
      error instanceof UsageError ? error.message : error,
      "there is no engine vlc: it is inprocess or ffmpeg",
    );
  });
});
