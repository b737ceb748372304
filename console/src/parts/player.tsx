import type HlsPlayer from "hls.js";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useShared } from "../hooks.ts";
import { type PlayedSegment, Timeline } from "../model/timeline.ts";
import { videoTrouble } from "./player_trouble.ts";

/** What a page does with the player. */
export interface PlayerControl {
  /** Goes to a place, ms, and plays from there, unless it is only to be shown. */
  seek(mediaMs: number, plays?: boolean): void;
  /** Goes on, or holds on. */
  toggle(): void;
  /** Plays what is newest. */
  toLive(): void;
}

/** What the player tells and takes. */
export interface PlayerProps {
  /** Path of the playlist. */
  src: string;
  /** Whether the recording still grows: it then starts near its end. */
  growing: boolean;
  /** Place to start at, ms. */
  startMs: number | undefined;
  /** @param aheadMs how far the server's clock is ahead of this machine's */
  onTimeline(timeline: Timeline, aheadMs: number): void;
  onTime(mediaMs: number): void;
  onControl(control: PlayerControl | undefined): void;
  /** What lies upon the picture. */
  children?: ComponentChildren;
}

/** Wait before the next try, where the player's own have failed, ms. */
const RETRY_MS = 2_000;
/** A piece that is newer than this may still be on its way to the server, ms. */
const FRESH_MS = 30_000;
/** Places that are taken for the end of what is buffered, ms before it. */
const BUFFER_END_MS = 500;
/** A place that is surely behind a piece, ms after its end. */
const BEHIND_MS = 50;

/** The video of a recording, also while it is written. */
export function Player(props: PlayerProps) {
  const { api } = useShared();
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState<string>();
  const [size, setSize] = useState("");
  const latest = useRef(props);
  latest.current = props;
  const { src } = props;

  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    let player: HlsPlayer | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const play = () => {
      const refused = () => setTrouble("Press play: the browser wants a click first");
      element.play().catch((error: unknown) => {
        // A play that another seek or a pause overtook is none that was refused.
        if (error instanceof DOMException && error.name === "NotAllowedError") refused();
      });
    };
    latest.current.onControl({
      seek(mediaMs, plays = true) {
        element.currentTime = mediaMs / 1000;
        if (plays) play();
      },
      toggle() {
        if (element.paused) play();
        else element.pause();
      },
      toLive() {
        const place = player?.liveSyncPosition ?? element.duration;
        if (Number.isFinite(place)) element.currentTime = place;
        play();
      },
    });
    const open = async () => {
      const { default: Hls } = await import("hls.js/light");
      if (gone) return;
      if (!Hls.isSupported()) {
        return setTrouble("This browser cannot play the recording: it has no Media Source Extensions");
      }
      const { growing, startMs } = latest.current;
      const made = new Hls({
        // A worker would be a script that is made at run time, which the page's policy refuses.
        enableWorker: false,
        liveSyncDurationCount: 2,
        startPosition: startMs === undefined ? growing ? -1 : 0 : startMs / 1000,
        xhrSetup(request, url) {
          // Files at another origin are signed by their address; the key is this server's.
          if (new URL(url, location.href).origin !== location.origin) return;
          for (const [name, value] of Object.entries(api.headers())) request.setRequestHeader(name, value);
        },
      });
      player = made;
      let aheadMs = 0;
      let isLoaded = false;
      made.on(Hls.Events.LEVEL_LOADED, (_, { networkDetails }) => {
        const told = networkDetails instanceof XMLHttpRequest ? networkDetails.getResponseHeader("date") : null;
        // The header counts whole seconds.
        const ahead = Date.parse(told ?? "") + 500 - Date.now();
        aheadMs = Math.abs(ahead) > 2_000 ? ahead : 0;
      });
      made.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
        isLoaded = true;
        const segments = details.fragments.map(({ start, duration, programDateTime }): PlayedSegment => ({
          mediaMs: start * 1000,
          durationMs: duration * 1000,
          wallMs: programDateTime ?? undefined,
        }));
        latest.current.onTimeline(new Timeline(segments), aheadMs);
        if (details.live) setTrouble(undefined);
      });
      made.on(Hls.Events.FRAG_BUFFERED, () => setTrouble(undefined));
      made.on(Hls.Events.ERROR, (_, data) => {
        const told = videoTrouble(data);
        if (told !== undefined) setTrouble(told.text);
        const { missing } = told ?? {};
        const age = Date.now() + aheadMs - (data.frag?.programDateTime ?? 0);
        if (missing !== undefined && (age > FRESH_MS || !latest.current.growing)) {
          // Its own tries would take half a minute.
          made.stopLoad();
          return passOver(made, element, missing);
        }
        if (!data.fatal) return;
        if (data.type === Hls.ErrorTypes.MEDIA_ERROR) return made.recoverMediaError();
        retry ??= setTimeout(() => {
          retry = undefined;
          if (isLoaded) made.startLoad();
          else made.loadSource(src);
        }, RETRY_MS);
      });
      made.loadSource(src);
      made.attachMedia(element);
    };
    open().catch(() => setTrouble("The player could not be loaded. Load the page again"));
    return () => {
      gone = true;
      clearTimeout(retry);
      latest.current.onControl(undefined);
      player?.destroy();
    };
  }, [src, api]);

  const tell = () => {
    if (video.current !== null) props.onTime(video.current.currentTime * 1000);
  };
  return (
    <div class="player">
      <video
        ref={video}
        controls
        muted
        autoPlay={props.growing}
        playsInline
        aria-label="Recorded video"
        onTimeUpdate={tell}
        onSeeking={tell}
        onResize={({ currentTarget: { videoWidth, videoHeight } }) => setSize(`${videoWidth} × ${videoHeight}`)}
      />
      {props.children}
      {size !== "" && <p class="picture-size quiet-text">Picture {size}</p>}
      {trouble !== undefined && <p class="notice bad" role="status">{trouble}</p>}
    </div>
  );
}

/** Goes on behind a piece that is not there, once what stands before it has been played. */
function passOver(
  player: HlsPlayer,
  element: HTMLVideoElement,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): void {
  const steps = ["timeupdate", "waiting", "seeking"] as const;
  const step = () => {
    const placeMs = element.currentTime * 1000;
    if (placeMs >= fromMs - BUFFER_END_MS && placeMs < toMs) element.currentTime = (toMs + BEHIND_MS) / 1000;
    else if (!element.seeking) return;
    // Also where somebody went elsewhere: a failure has ended the loading.
    for (const each of steps) element.removeEventListener(each, step);
    player.startLoad(element.currentTime);
  };
  for (const each of steps) element.addEventListener(each, step);
  step();
}
