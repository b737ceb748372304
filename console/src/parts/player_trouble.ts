/** Why a video does not go on, as hls.js tells it, in words for people. */
import type { ErrorData } from "hls.js";
import { clockText } from "../format.ts";

/** What is wrong, and what is done about it. */
export interface VideoTrouble {
  text: string;
  /** A piece that is not there: it is passed over. */
  missing?: { fromMs: number; toMs: number } | undefined;
}

/** The words for a failure. @returns `undefined` for one that is over before anybody would notice */
export function videoTrouble(data: ErrorData): VideoTrouble | undefined {
  const { type, details, fatal, frag, response } = data;
  const status = response?.code;
  if (type === "mediaError") {
    return fatal ? { text: "The browser cannot show this piece of video. It tries again" } : undefined;
  }
  if (type !== "networkError") return fatal ? { text: `The video stopped (${details}). It tries again` } : undefined;
  if (status === 401 || status === 403) return { text: "The server wants an API key for the video, or another one" };
  if (status === 404 && frag !== undefined) {
    const fromMs = frag.start * 1000;
    const text = `The piece of video at ${clockText(fromMs)} is missing on the server. It is passed over`;
    return { text, missing: { fromMs, toMs: fromMs + frag.duration * 1000 } };
  }
  if (status === 404) return { text: "The server has no video of this recording: its playlist is missing" };
  if (status === undefined || status === 0) {
    return { text: "The server is not reached. The video goes on when it is back" };
  }
  return fatal || status >= 500 ? { text: `The server has trouble with the video (status ${status})` } : undefined;
}
