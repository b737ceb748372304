/** The view of a command on its terminal: {@link TerminalView} with a clock and a terminal. */
import type { RecordedSegment, RecordingProgress } from "@roomtone/recorder";
import { type Clock, type LiveEvent, systemClock } from "@roomtone/sdk";
import type { CliIo } from "./io.ts";
import { ENTER, HostFacts, LEAVE, TerminalView } from "./terminal_view.ts";

/** A screen is drawn at most this often, and at least once a second, for the times in it; ms. */
const LEAST_MS = 100;
const MOST_MS = 1_000;

/** One host of a view. */
export interface ViewedHost {
  begin(startedAt: number): void;
  status(status: (now: number) => string): void;
  event(event: LiveEvent): void;
  progress(progress: RecordingProgress): void;
  segment(segment: RecordedSegment): void;
}

/** A view on a real terminal. */
export interface OpenView {
  /** In the order of the names. */
  hosts: readonly ViewedHost[];
  /** A line that flows. */
  line(text: string): void;
  /** Gives the terminal back, with the lines that were shown last; nothing is shown after it. */
  close(): void;
}

/**
 * Opens the view. `NO_COLOR` takes the colour away.
 * @param names hosts, as somebody typed them
 * @param startedAt time from which on they are live; `undefined` until each one begins
 * @returns `undefined` where standard output is no terminal
 */
export function openView(
  io: CliIo,
  names: readonly string[],
  startedAt: number | undefined,
  clock: Clock = systemClock,
): OpenView | undefined {
  const { terminal, env } = io;
  if (terminal === undefined) return undefined;
  const facts = names.map((name) => new HostFacts(name, startedAt));
  const view = new TerminalView(facts, !env["NO_COLOR"]);
  const size = () => ({ columns: terminal.columns(), rows: terminal.rows() });
  let drawnAt = -Infinity;
  let timer: unknown;
  let closed = false;
  const draw = (): void => {
    clock.clearTimeout(timer);
    drawnAt = clock.now();
    terminal.write(view.frame(size(), io.now()));
    timer = clock.setTimeout(draw, MOST_MS);
  };
  const changed = (): void => {
    if (closed) return;
    const waitMs = drawnAt + LEAST_MS - clock.now();
    clock.clearTimeout(timer);
    if (waitMs <= 0) draw();
    else timer = clock.setTimeout(draw, waitMs);
  };
  terminal.restoreWith(LEAVE);
  terminal.write(ENTER);
  const stopWatching = terminal.onResize(changed);
  changed();
  return {
    hosts: facts.map((each) => ({
      begin: (at) => void (each.begin(at), changed()),
      status: (status) => void (each.status(status), changed()),
      event: (event) => void (each.event(event, io.now()), changed()),
      progress: (progress) => void (each.progress(progress), changed()),
      segment: (segment) => void (each.segment(segment), changed()),
    })),
    line(text) {
      view.line(text);
      changed();
    },
    close() {
      if (closed) return;
      closed = true;
      clock.clearTimeout(timer);
      stopWatching();
      terminal.restoreWith(undefined);
      terminal.write(`${LEAVE}${view.rest(size()).map((row) => `${row}\n`).join("")}`);
    },
  };
}
