/**
 * What a terminal shows of a live: events flow, and one line of facts stays below them. {@link TerminalView} writes nothing: events and
 * the terminal's width go in, text with escape sequences comes out. Texts of strangers come out without any.
 */
import type { LiveEvent } from "@roomtone/sdk";
import type { RecordedSegment, RecordingProgress } from "@roomtone/recorder";
import { formatBytes, formatDuration, plain } from "./format.ts";
import type { CliIo } from "./io.ts";

/** Options of a {@link TerminalView}. */
export interface ViewOptions {
  /** Who is live, as somebody typed it. */
  name: string;
  /** Time at which it begins, ms since 1970. */
  startedAt: number;
  /** Whether the line of facts may have a colour. */
  color: boolean;
}

const MIN_COLUMNS = 20;
/** More than this is a clock that is off. */
const MAX_LAG_MS = 10 * 60_000;

/** The state of one terminal. */
export class TerminalView {
  readonly #options: ViewOptions;
  #viewers: number | undefined;
  #diamonds = 0;
  #lagMs: number | undefined;
  #gaps = 0;
  #bitrateKbps: number | undefined;
  #progress: RecordingProgress | undefined;
  /** Length of the line of facts that stands on the terminal; 0 when there is none. */
  #drawn = 0;

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  /** Takes in what an event tells; {@link TerminalView.draw} shows it. */
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

  /** A line that flows; the facts stay below it. Control characters in it become spaces. */
  line(text: string, columns: number, now: number): string {
    return `${this.#erase(columns)}${plain(text)}\n${this.#facts(columns, now)}`;
  }

  /** The facts anew, at the terminal's present width. */
  draw(columns: number, now: number): string {
    return `${this.#erase(columns)}${this.#facts(columns, now)}`;
  }

  /** Takes the facts away, for the end. */
  close(columns: number): string {
    return this.#erase(columns);
  }

  /** A terminal that became narrower since has broken the line into several. */
  #erase(columns: number): string {
    if (this.#drawn === 0) return "";
    const rows = Math.ceil(this.#drawn / Math.max(MIN_COLUMNS, columns));
    this.#drawn = 0;
    return `${rows > 1 ? `\x1b[${rows - 1}A` : ""}\r\x1b[J`;
  }

  #facts(columns: number, now: number): string {
    const { name, startedAt, color } = this.#options;
    const progress = this.#progress;
    const count = (value: number): string => value.toLocaleString("en-US");
    const facts = [
      `@${plain(name).replace(/^@/, "")}`,
      formatDuration(progress?.durationMs ?? now - startedAt),
      this.#viewers === undefined ? "" : `${count(this.#viewers)} viewers`,
      `${count(this.#diamonds)} diamonds`,
      this.#bitrateKbps === undefined ? "" : `${count(this.#bitrateKbps)} kb/s`,
      this.#lagMs === undefined ? "" : `lag ${(this.#lagMs / 1000).toFixed(1)} s`,
      progress === undefined ? "" : `${progress.segments} segments, ${formatBytes(progress.bytes)}`,
      `${this.#gaps + (progress?.gaps ?? 0)} gaps`,
    ];
    // The last column stays free: a line that fills it makes some terminals begin another.
    const text = facts.filter((fact) => fact !== "").join("  ").slice(0, Math.max(MIN_COLUMNS, columns) - 1);
    this.#drawn = text.length;
    return color ? `\x1b[7m${text}\x1b[0m` : text;
  }
}

/** A view on a real terminal. */
export interface OpenView {
  event(event: LiveEvent): void;
  progress(progress: RecordingProgress): void;
  segment(segment: RecordedSegment): void;
  line(text: string): void;
  /** Takes the facts away; nothing is shown after it. */
  close(): void;
}

/**
 * The view of a command, on its terminal. `NO_COLOR` takes the colour away.
 * @returns `undefined` where standard output is no terminal
 */
export function openView(io: CliIo, name: string): OpenView | undefined {
  const { terminal, env } = io;
  if (terminal === undefined) return undefined;
  const view = new TerminalView({ name, startedAt: io.now(), color: !env["NO_COLOR"] });
  let closed = false;
  const write = (text: (columns: number) => string): void => {
    if (!closed) terminal.write(text(terminal.columns()));
  };
  const draw = (): void => write((columns) => view.draw(columns, io.now()));
  return {
    event(event) {
      view.event(event, io.now());
      draw();
    },
    progress(progress) {
      view.progress(progress);
      draw();
    },
    segment: (segment) => view.segment(segment),
    line: (text) => write((columns) => view.line(text, columns, io.now())),
    close() {
      write((columns) => view.close(columns));
      closed = true;
    },
  };
}
