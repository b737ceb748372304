import { assertEquals } from "@std/assert";
import { decodeMessage, type KnownMethod } from "@roomtone/sdk";
import { encodeMessage } from "@roomtone/sdk/testing";
import { describe, it } from "node:test";
import {
  formatBytes,
  formatCounts,
  formatDuration,
  formatEvent,
  formatEventMasked,
  plain,
  terminalSafe,
} from "./format.ts";

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

  it("formatEvent() says what a feature of the live shows", () => {
    const line = (method: KnownMethod, fields: object): string =>
      formatEvent(decodeMessage(method, encodeMessage(method, fields))).slice(9);
    const option = { displayContent: "yes", votes: "4" };
    const lines: [line: string, expected: string][] = [
      [line("WebcastCaptionMessage", { content: [{ content: "hello" }] }), "caption  hello"],
      [line("WebcastEmoteChatMessage", { emoteList: [{ emoteId: "1" }] }), "emote    an emote"],
      [
        line("WebcastEnvelopeMessage", { envelopeInfo: { diamondCount: 9 }, display: 1 }),
        "envelope chest of TikTok shown (9 diamonds)",
      ],
      [
        line("WebcastGoalUpdateMessage", { goal: { subGoals: [{ progress: "3", target: "10" }] } }),
        "goal     goal: 3 of 10",
      ],
      [line("WebcastPollMessage", { updateVotesContent: { optionList: [option] } }), "poll     votes: yes 4"],
      [line("WebcastRankUpdateMessage", { updates: [{ ownRank: "12" }, {}] }), "rank     place 12, no place"],
      [line("WebcastRoomPinMessage", { chatMessage: { content: "read this" } }), "pin      pinned read this"],
      [line("WebcastImDeleteMessage", { deleteMsgIds: ["1"] }), "deleted  1 messages, all of 0 people"],
      [
        line("WebcastBarrageMessage", { content: { defaultPattern: "rose" }, userGradeParam: { currentGrade: 30 } }),
        "barrage  rose (level 30)",
      ],
      [line("WebcastOecLiveShoppingMessage", { popProduct: { title: "Mug", price: "$5" } }), "shopping Mug, $5"],
      [line("WebcastMemberMessage", { action: 6, user: { displayId: "a" } }), "moderator @a is a moderator no more"],
      [line("WebcastLinkMicMethod", { userId: "42", fanTicket: "9" }), "link     points, 1 guests"],
    ];
    for (const [actual, expected] of lines) assertEquals(actual, expected);
  });

  it("formatEvent() keeps a stranger's control characters off the terminal", () => {
    assertEquals(formatEvent(chat("a\u001b[31mred\nline\u202e")), "22:13:20 chat     @some.viewer a [31mred line ");
    assertEquals(plain("\u0000x\u009b"), " x ");
  });

  it("terminalSafe() keeps control characters of JSON and tables off a terminal, and JSON what it was", () => {
    const said = "\u001b]0;x\u0007\u009b31m\u202egnp\u2028\t";
    const line = terminalSafe(JSON.stringify({ said }));
    assertEquals([/^[\x20-\x7e]*$/.test(line), JSON.parse(line).said], [true, said]);
    assertEquals(terminalSafe("a,\u001bb\r"), "a,\\u001bb\r");
  });

  it("formatEventMasked() tells type and id alone", () => {
    assertEquals(formatEventMasked(chat("secret")), "chat           id 7300000000000000001");
  });

  it("formatCounts() puts the largest first", () => {
    assertEquals(formatCounts({ join: 2, chat: 9 }), "chat 9, join 2");
  });
});
