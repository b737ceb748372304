import { assertEquals } from "@std/assert";
import { decodeMessage } from "@roomtone/sdk";
import { encodeMessage } from "@roomtone/sdk/testing";
import { describe, it } from "node:test";
import { formatBytes, formatCounts, formatDuration, formatEvent, formatEventMasked, plain } from "./format.ts";

const chat = (content: string) =>
  decodeMessage(
    "WebcastChatMessage",
    encodeMessage("WebcastChatMessage", {
      common: { msgId: "7300000000000000001", createTime: "1700000000000" },
      user: { id: "1", displayId: "some.viewer", nickname: "Some Viewer" },
      content,
    }),
  );

describe("format", () => {
  it("formatBytes() keeps two digits at least", () => {
    assertEquals([0, 999, 1000, 123_456, 1_234_567_890].map(formatBytes), [
      "0 B",
      "999 B",
      "1.0 kB",
      "123 kB",
      "1.2 GB",
    ]);
  });

  it("formatDuration() shows hours only when there are some", () => {
    assertEquals([0, 59_499, 61_000, 3_725_000].map(formatDuration), ["00:00", "00:59", "01:01", "1:02:05"]);
  });

  it("formatEvent() puts time, type, who and what on one line", () => {
    assertEquals(formatEvent(chat("hello")), "22:13:20 chat     @some.viewer hello");
  });

  it("formatEvent() keeps a stranger's control characters off the terminal", () => {
    assertEquals(formatEvent(chat("a\u001b[31mred\nline\u202e")), "22:13:20 chat     @some.viewer a [31mred line ");
    assertEquals(plain("\u0000x\u009b"), " x ");
  });

  it("formatEventMasked() tells type and id alone", () => {
    assertEquals(formatEventMasked(chat("secret")), "chat           id 7300000000000000001");
  });

  it("formatCounts() puts the largest first", () => {
    assertEquals(formatCounts({ join: 2, chat: 9 }), "chat 9, join 2");
  });
});
