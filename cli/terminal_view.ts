/**
 * What a terminal shows of lives: a header with a line of facts for each host, and below it the events as they flow.
 * {@link TerminalView} writes nothing: events and the terminal's size go in, text with escape sequences comes out. Texts
 * of strangers come out without any.
 */
import type { LiveEvent } from "@roomtone/sdk";
import type { RecordedSegment, RecordingProgress } from "@roomtone/recorder";
import { formatBytes, formatDuration, plain } from "./format.ts";
import { cutText, wrapText } from "./wrap_text.ts";

/** Size of a terminal now, in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The screen of its own, without a cursor and without line breaks that the terminal makes. */
export const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
/** Gives the terminal back as it was. */
export const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

const MIN_COLUMNS = 20;
const MIN_ROWS = 3;
/** More than this is a clock that is off. */
const MAX_LAG_MS = 10 * 60_000;
/** Lines that are kept for a window that grows. */
const KEPT_LINES = 500;

/** The facts about one host. */
export class HostFacts {
  readonly #name: string;
  #startedAt: number | undefined;
  #viewers: number | undefined;
  #diamonds = 0;
  #lagMs: number | undefined;
  #gaps = 0;
  #bitrateKbps: number | undefined;
  #progress: RecordingProgress | undefined;
  #status: ((now: number) => string) | undefined;

  /**
   * @param name as somebody typed it
   * @param startedAt time from which on it is live, ms since 1970; `undefined` until {@link HostFacts.begin}
   */
  constructor(name: string, startedAt: number | undefined) {
    this.#name = `@${plain(name).replace(/^@/, "")}`;
    this.#startedAt = startedAt;
  }

  /** A live begins: what was counted before belongs to another. */
  begin(startedAt: number): void {
    this.#startedAt = startedAt;
    this.#viewers =
      this.#lagMs =
      this.#bitrateKbps =
      this.#progress =
      this.#status =
        undefined;
    this.#diamonds = this.#gaps = 0;
  }

  /** What happens in place of a live, such as that one is waited for. */
  status(status: (now: number) => string): void {
    this.#status = status;
  }

  /** Takes in what an event tells. */
  event(event: LiveEvent, now: number): void {
    if (event.type === "viewers") this.#viewers = event.count;
    if (event.type === "gift") this.#diamonds += event.value;
    if (event.type === "gap") this.#gaps++;
    if (event.type !== "chat" || event.history) return;
    const lagMs = now - event.at;
    if (lagMs <= MAX_LAG_MS) this.#lagMs = Math.max(0, lagMs);
  }

  /** Takes in how far a recording is. */
  progress(progress: RecordingProgress): void {
    this.#progress = progress;
  }

  /** Takes in a closed segment: the bitrate is that of the last one. */
  segment({ bytes, durationMs }: RecordedSegment): void {
    if (durationMs > 0) this.#bitrateKbps = Math.round((bytes * 8) / durationMs);
  }

  /** The facts on one line. */
  line(now: number): string {
    const progress = this.#progress;
    const count = (value: number): string => value.toLocaleString("en-US");
    if (this.#startedAt === undefined) return `${this.#name}  ${plain(this.#status?.(now) ?? "")}`.trimEnd();
    return [
      this.#name,
      this.#status === undefined ? "" : plain(this.#status(now)),
      formatDuration(progress?.durationMs ?? now - this.#startedAt),
      this.#viewers === undefined ? "" : `${count(this.#viewers)} viewers`,
      `${count(this.#diamonds)} diamonds`,
      this.#bitrateKbps === undefined ? "" : `${count(this.#bitrateKbps)} kb/s`,
      this.#lagMs === undefined ? "" : `lag ${(this.#lagMs / 1000).toFixed(1)} s`,
      progress === undefined ? "" : `${progress.segments} segments, ${formatBytes(progress.bytes)}`,
      `${this.#gaps + (progress?.gaps ?? 0)} gaps`,
    ].filter((fact) => fact !== "").join("  ");
  }
}

/** The state of one terminal. */
export class TerminalView {
  readonly #hosts: readonly HostFacts[];
  readonly #color: boolean;
  readonly #lines: string[] = [];

  /** @param color whether the header may stand out */
  constructor(hosts: readonly HostFacts[], color: boolean) {
    this.#hosts = hosts;
    this.#color = color;
  }

  /** A line that flows below the header. Control characters in it become spaces. */
  line(text: string): void {
    this.#lines.push(plain(text));
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  /** The whole screen, at the terminal's present size. */
  frame(size: TerminalSize, now: number): string {
    const columns = Math.max(MIN_COLUMNS, size.columns);
    const header = this.#header({ columns, rows: Math.max(MIN_ROWS, size.rows) }, now);
    const rows = [
      ...header.map((text) => this.#color ? `\x1b[7m${text}\x1b[0m` : text),
      ...this.#tail(columns, Math.max(MIN_ROWS, size.rows) - header.length),
    ];
    return `\x1b[H${rows.map((row) => `${row}\x1b[K`).join("\r\n")}\x1b[J`;
  }

  /** What stays on the terminal when the view is over: the lines that it showed last. */
  rest({ columns, rows }: TerminalSize): string[] {
    return this.#tail(Math.max(MIN_COLUMNS, columns), Math.max(MIN_ROWS, rows) - 1 - this.#hosts.length);
  }

  /** At most half of the screen; who does not fit is counted. */
  #header({ columns, rows }: TerminalSize, now: number): string[] {
    const most = Math.max(1, Math.floor(rows / 2));
    const cut = (text: string): string => cutText(text, columns);
    if (this.#hosts.length <= most) return this.#hosts.map((host) => cut(host.line(now)));
    const shown = this.#hosts.slice(0, most - 1).map((host) => cut(host.line(now)));
    return [...shown, cut(`and ${this.#hosts.length - shown.length} more`)];
  }

  #tail(columns: number, most: number): string[] {
    const found: string[] = [];
    for (let i = this.#lines.length - 1; i >= 0 && found.length < most; i--) {
      found.unshift(...wrapText(this.#lines[i] ?? "", columns, "  "));
    }
    return found.slice(Math.max(0, found.length - most));
  }
}
