/** How the state of a host that is recorded is shown: as JSON, as lines, on a terminal. */
import type { Manifest } from "@roomtone/recorder";
import { isLiveError } from "@roomtone/sdk";
import { failureLines, failureOf } from "../failures.ts";
import { formatBytes, formatCounts, formatDuration, formatTime, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import type { OpenView, ViewedHost } from "../open_view.ts";
import type { HostState } from "./follow.ts";

/** A state as one JSON object; the last one of a recording has its whole manifest. */
export function stateJson(user: string, at: number, state: HostState): string {
  const head = { user, at, state: state.state };
  switch (state.state) {
    case "finished":
      return JSON.stringify({ ...head, folder: state.folder, ...state.manifest });
    case "failed":
      return JSON.stringify({ ...head, error: errorOf(state.error) });
    case "waiting": {
      const { error, ...more } = state;
      return JSON.stringify({ ...head, ...more, ...(error === undefined ? {} : { error: errorOf(error) }) });
    }
    default:
      return JSON.stringify({ ...head, ...state });
  }
}

function errorOf(error: unknown) {
  const { detail: message, ...rest } = failureOf(error);
  return { ...rest, message };
}

/** A finished recording on one line. */
export function summaryOf(folder: string, { totals }: Manifest): string {
  return `${folder}: ${formatDuration(totals.durationMs)}, ${totals.segments} segments, ` +
    `${formatBytes(totals.bytes)}, ${totals.events} events (${formatCounts(totals.eventsByType)})`;
}

/** Tells a host's states to people: lines where something changes, and the time of the next check beside them. */
export function statesForPeople(
  name: string,
  io: CliIo,
  { several, mp4, out, view, host }: {
    several: boolean;
    mp4: boolean;
    /** Takes the line about each finished recording. */
    out: (line: string) => void;
    view?: OpenView;
    host?: ViewedHost;
  },
): (state: HostState) => void {
  const say = view?.line ?? io.err;
  const who = several ? `@${name}: ` : "";
  let waitingFor: string | undefined;
  return (state) => {
    if (state.state !== "waiting") waitingFor = undefined;
    switch (state.state) {
      case "waiting": {
        const { nextCheckAt, quietUntil, error } = state;
        const why = error === undefined ? "not live" : `no answer (${error.code})`;
        const until = quietUntil === undefined ? "" : `, may be back until ${formatTime(quietUntil)}`;
        const news = `${why}${until}`;
        if (news !== waitingFor) {
          say(plain(`@${name}: ${news}; next check at ${formatTime(nextCheckAt)} UTC, Ctrl-C ends it`));
        }
        waitingFor = news;
        host?.status((now) => `${news}, next check in ${formatDuration(nextCheckAt - now)}`);
        if (view === undefined) io.status(`@${name}: ${news}, next check at ${formatTime(nextCheckAt)} UTC`);
        break;
      }
      case "recording":
        host?.begin(state.startedAt);
        say(plain(`${who}recording into ${state.folder}`));
        break;
      case "closing": {
        const what = mp4 ? "closing the files and making the MP4" : "closing the files";
        host?.status(() => what);
        if (view !== undefined || several) say(`${who}${what}`);
        break;
      }
      case "finished":
        host?.status(() => "finished");
        view?.line(`${who}finished`);
        out(plain(summaryOf(state.folder, state.manifest)));
        break;
      case "failed":
        for (const line of failureLines(failureOf(state.error), `@${name}`)) say(line);
        host?.status(() => isLiveError(state.error) ? `failed: ${state.error.code}` : "failed");
        break;
      case "done":
        break;
    }
  };
}
