import { assert, assertEquals } from "@std/assert";
import { decodeMessage, type KnownMethod, type LiveEvent } from "@roomtone/sdk";
import { encodeMessage, FakeClock } from "@roomtone/sdk/testing";
import fc from "fast-check";
import { describe, it } from "node:test";
import { formatEvent } from "./format.ts";
import type { CliIo } from "./io.ts";
import { openView } from "./open_view.ts";
import { ENTER, HostFacts, LEAVE, TerminalView } from "./terminal_view.ts";

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

/** As much of a terminal as a frame uses; any other control character is an error. */
function screen(frame: string): string[] {
  const lines = [""];
  // deno-lint-ignore no-control-regex -- the view's own sequences
  for (const [token] of frame.matchAll(/\x1b\[(?:H|K|J|7m|0m)|\r\n|[^]/g)) {
    if (token === "\r\n") lines.push("");
    else if (token.startsWith("\x1b[")) continue;
    else if (token < " ") throw new Error(`a control character ${JSON.stringify(token)}`);
    else lines.push((lines.pop() ?? "") + token);
  }
  return lines;
}

const SIZE = { columns: 80, rows: 6 };
const facts = () => new HostFacts("@some.host", NOW - 65_000);

describe("TerminalView", () => {
  it("keeps the facts above the lines that flow, the newest of which stay in sight", () => {
    const host = facts();
    const view = new TerminalView([host], false);
    for (const one of [viewers(1234), chat("hello"), event("WebcastGiftMessage", { giftId: "1" }), chat("bye")]) {
      host.event(one, NOW);
      if (one.type === "chat") view.line(one.text);
    }
    const header = "@some.host  01:05  1,234 viewers  0 diamonds  lag 1.5 s  0 gaps";
    assertEquals(screen(view.frame(SIZE, NOW)), [header, "hello", "bye"]);
    for (let i = 0; i < 9; i++) view.line(String(i));
    assertEquals(screen(view.frame(SIZE, NOW)), [header, "4", "5", "6", "7", "8"]);
    assertEquals(view.rest(SIZE), ["5", "6", "7", "8"].slice(-4));
  });

  it("adds up what a recording tells, and begins anew with the next live", () => {
    const host = facts();
    host.progress({ durationMs: 12_000, bytes: 3_000_000, segments: 2, gaps: 1, events: 9 });
    host.segment({ index: 1, uri: "1.m4s", startAt: NOW, durationMs: 6_000, bytes: 1_500_000, sha256: "" });
    const gift = { giftId: "1", repeatCount: 3, repeatEnd: 1, gift: { id: "1", diamondCount: 5, type: 2 } };
    host.event(event("WebcastGiftMessage", gift), NOW);
    const line = host.line(NOW);
    assert(
      line.startsWith("@some.host  00:12  ") && line.includes(" diamonds  2,000 kb/s  2 segments, 3.0 MB  1 gaps"),
    );
    assert(!line.includes(" 0 diamonds"));
    host.status((now) => `not live, next check in ${(NOW + 9_000 - now) / 1000} s`);
    assert(host.line(NOW + 4_000).startsWith("@some.host  not live, next check in 5 s  00:12  "));
    host.begin(NOW);
    assertEquals(host.line(NOW + 1_000), "@some.host  00:01  0 diamonds  0 gaps");
    const waiting = new HostFacts("some.host", undefined);
    waiting.status(() => "not live");
    assertEquals(waiting.line(NOW), "@some.host  not live");
  });

  it("fits the terminal at its present size: long lines are broken, many hosts are counted", () => {
    const view = new TerminalView([facts()], false);
    view.line("one two three four five six seven");
    view.line("\u6587\u5b57".repeat(6) + "\u{1f469}\u200d\u{1f680}");
    assertEquals(screen(view.frame({ columns: 20, rows: 6 }, NOW)), [
      "@some.host  01:05  0",
      "one two three four",
      "  five six seven",
      "\u6587\u5b57".repeat(5),
      "  \u6587\u5b57\u{1f469}\u200d\u{1f680}",
    ]);
    assertEquals(screen(view.frame({ columns: 80, rows: 6 }, NOW)).length, 3);
    const many = new TerminalView(["a", "b", "c", "d", "e"].map((name) => new HostFacts(name, undefined)), false);
    assertEquals(screen(many.frame(SIZE, NOW)), ["@a", "@b", "and 3 more"]);
    assertEquals(screen(many.frame({ columns: 80, rows: 20 }, NOW)), ["@a", "@b", "@c", "@d", "@e"]);
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
      const host = new HostFacts(text, NOW);
      const view = new TerminalView([host], true);
      const said = chat(text, text);
      host.event(said, NOW);
      host.status(() => text);
      // deno-lint-ignore no-control-regex -- the view's own sequences
      const own = /\x1b\[(?:H|K|J|7m|0m)|\r\n/g;
      view.line(formatEvent(said));
      view.line(text);
      const size = { columns: 1_000_000, rows: 24 };
      const shown = view.frame(size, NOW) + view.rest(size).join("");
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
  const terminal = (written: string[]) => {
    const state = { columns: 80, resized: () => {}, restore: "" as string | undefined };
    const io: CliIo = {
      out: () => undefined,
      err: () => undefined,
      status: () => undefined,
      terminal: {
        write: (text) => written.push(text),
        columns: () => state.columns,
        rows: () => 24,
        onResize(changed) {
          state.resized = changed;
          return () => void (state.resized = () => {});
        },
        restoreWith: (text) => void (state.restore = text),
      },
      env: {},
      signal: new AbortController().signal,
      now: () => NOW,
    };
    return { io, state };
  };

  it("is there on a terminal only, gives it back as it was, and writes nothing once closed", () => {
    const written: string[] = [];
    const clock = new FakeClock();
    const { io, state } = terminal(written);
    assertEquals(openView({ ...io, terminal: undefined }, ["some.host"], NOW), undefined);
    const view = openView(io, ["some.host"], NOW, clock);
    assert(written.join("").startsWith(`${ENTER}\x1b[H\x1b[7m@some.host`));
    assertEquals(state.restore, LEAVE);
    view?.line("hello");
    view?.close();
    assertEquals([written.at(-1), state.restore, clock.waiting], [`${LEAVE}hello\n`, undefined, 0]);
    const { length } = written;
    view?.line("late");
    view?.close();
    assertEquals([written.length, clock.waiting], [length, 0]);
  });

  it("draws at most ten times a second, each second, and at each new size; NO_COLOR is kept to", async () => {
    const written: string[] = [];
    const clock = new FakeClock();
    const { io, state } = terminal(written);
    const view = openView({ ...io, env: { NO_COLOR: "1" } }, ["some.host"], NOW, clock);
    for (let i = 0; i < 50; i++) view?.hosts[0]?.event(viewers(i));
    assertEquals(written.splice(0), [ENTER, "\x1b[H@some.host  00:00  0 diamonds  0 gaps\x1b[K\x1b[J"]);
    await clock.advance(100);
    assertEquals(written.splice(0), ["\x1b[H@some.host  00:00  49 viewers  0 diamonds  0 gaps\x1b[K\x1b[J"]);
    await clock.advance(3_000);
    assertEquals(written.splice(0).length, 3);
    state.columns = 25;
    state.resized();
    await clock.advance(100);
    assertEquals(written.splice(0), ["\x1b[H@some.host  00:00  49 vie\x1b[K\x1b[J"]);
    view?.close();
  });
});
