import { assert, assertEquals } from "@std/assert";
import { decodeMessage, type KnownMethod, type LiveEvent } from "@roomtone/sdk";
import { encodeMessage } from "@roomtone/sdk/testing";
import fc from "fast-check";
import { describe, it } from "node:test";
import { formatEvent } from "./format.ts";
import type { CliIo } from "./io.ts";
import { openView, TerminalView } from "./terminal_view.ts";

const NOW = 1_700_000_000_000;

function event(method: KnownMethod, fields: object): LiveEvent {
  return decodeMessage(
    method,
    encodeMessage(method, { common: { msgId: "1", createTime: String(NOW - 1_500) }, ...fields }),
  );
}
const chat = (content: string, nickname = "Some Viewer") =>
  event("WebcastChatMessage", { user: { id: "1", displayId: nickname, nickname }, content });
const viewers = (total: number) => event("WebcastRoomUserSeqMessage", { total: String(total) });

/** As much of a terminal as the view uses; any other escape sequence is an error. */
function screen(text: string): string[] {
  const lines = [""];
  let row = 0;
  // deno-lint-ignore no-control-regex -- the view's own sequences
  for (const [token, up] of text.matchAll(/\x1b\[(\d+)A|\x1b\[(?:J|7m|0m)|[^]/g)) {
    if (up !== undefined) row -= Number(up);
    else if (token === "\x1b[J") lines.splice(row, lines.length, "");
    else if (token === "\n") lines[++row] = "";
    else if (token === "\r" || token.startsWith("\x1b[")) continue;
    else if (token < " ") throw new Error(`a control character ${JSON.stringify(token)}`);
    else lines[row] += token;
  }
  return lines;
}

const plainView = () => new TerminalView({ name: "@some.host", startedAt: NOW - 65_000, color: false });

describe("TerminalView", () => {
  it("lets lines flow and keeps the facts below them, once", () => {
    const view = plainView();
    let text = view.draw(80, NOW);
    for (const one of [viewers(1234), chat("hello"), event("WebcastGiftMessage", { giftId: "1" }), chat("bye")]) {
      view.event(one, NOW);
      text += view.draw(80, NOW) + (one.type === "chat" ? view.line(one.text, 80, NOW) : "");
    }
    assertEquals(screen(text), ["hello", "bye", "@some.host  01:05  1,234 viewers  0 diamonds  lag 1.5 s  0 gaps"]);
    assertEquals(screen(text + view.close(80)), ["hello", "bye", ""]);
  });

  it("adds up what a recording tells", () => {
    const view = plainView();
    view.progress({ durationMs: 12_000, bytes: 3_000_000, segments: 2, gaps: 1, events: 9 });
    view.segment({ index: 1, uri: "1.m4s", startAt: NOW, durationMs: 6_000, bytes: 1_500_000, sha256: "" });
    const gift = { giftId: "1", repeatCount: 3, repeatEnd: 1, gift: { id: "1", diamondCount: 5, type: 2 } };
    view.event(event("WebcastGiftMessage", gift), NOW);
    const [line = ""] = screen(view.draw(120, NOW));
    assert(
      line.startsWith("@some.host  00:12  ") && line.includes(" diamonds  2,000 kb/s  2 segments, 3.0 MB  1 gaps"),
    );
    assert(!line.includes(" 0 diamonds"));
  });

  it("cuts the facts to the terminal, and takes away all rows of a line that a narrower window has broken", () => {
    const view = plainView();
    view.event(viewers(1234), NOW);
    const wide = view.draw(60, NOW);
    assertEquals(wide, "@some.host  01:05  1,234 viewers  0 diamonds  0 gaps");
    const narrow = view.draw(30, NOW);
    assertEquals(narrow, "\x1b[1A\r\x1b[J@some.host  01:05  1,234 view");
    assertEquals(view.draw(30, NOW), "\r\x1b[J@some.host  01:05  1,234 view");
  });

  it("lets no control character of a stranger through", () => {
    const corpus = [
      "\x1b[2J\x1b[H",
      "\x1b]0;title\x07",
      "\x1b]52;c;ZXZpbA==\x07",
      "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
      "\x1bP+q544e\x1b\\",
      "\x9b31mred",
      "\x9d0;title\x9c",
      "over\rwritten",
      "two\nlines\x0b\x0c",
      "back\b\b\bspace",
      "\x00\x07\x0e\x0f\x7f",
      "\u202egnitide\u2066",
      "\u2028line\u2029",
    ];
    const fits = (text: string): void => {
      const view = new TerminalView({ name: text, startedAt: NOW, color: true });
      const said = chat(text, text);
      view.event(said, NOW);
      // deno-lint-ignore no-control-regex -- the view's own sequences
      const own = /\x1b\[(?:\d+A|J|7m|0m)|[\r\n]/g;
      const shown = view.line(formatEvent(said), 80, NOW) + view.line(text, 80, NOW) + view.close(80);
      // deno-lint-ignore no-control-regex -- what must not be there
      assert(!/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/.test(shown.replace(own, "")), JSON.stringify(shown));
      assertEquals(shown.match(/\n/g)?.length, 2);
    };
    for (const text of corpus) fits(text);
    const unit = fc.oneof(fc.constantFrom(...corpus), fc.string({ unit: "binary" }));
    fc.assert(fc.property(fc.array(unit), (parts) => fits(parts.join(""))));
  });
});

describe("openView()", () => {
  const io = (written: string[], env = {}): CliIo => ({
    out: () => undefined,
    err: () => undefined,
    status: () => undefined,
    terminal: { write: (text) => written.push(text), columns: () => 80 },
    env,
    signal: new AbortController().signal,
    now: () => NOW,
  });

  it("is there on a terminal only, writes nothing once closed, and keeps to NO_COLOR", () => {
    assertEquals(openView({ ...io([]), terminal: undefined }, "some.host"), undefined);
    const written: string[] = [];
    const view = openView(io(written), "some.host");
    view?.event(viewers(5));
    assert(written.join("").includes("\x1b[7m@some.host"));
    view?.close();
    const length = written.length;
    view?.line("late");
    assertEquals(written.length, length);
    const dull: string[] = [];
    openView(io(dull, { NO_COLOR: "1" }), "some.host")?.event(viewers(5));
    assertEquals(dull, ["@some.host  00:00  5 viewers  0 diamonds  0 gaps"]);
  });
});
