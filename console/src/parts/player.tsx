import type HlsPlayer from "hls.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { useShared } from "../hooks.ts";
import { type PlayedSegment, Timeline } from "../model/timeline.ts";

/** What a page does with the player. */
export interface PlayerControl {
  /** Plays on from a place, ms. */
  seek(mediaMs: number): void;
}

/** What the player tells and takes. */
export interface PlayerProps {
  /** Path of the playlist. */
  src: string;
  /** Whether the recording still grows: it then starts near its end. */
  growing: boolean;
  /** Place to start at, ms. */
  startMs: number | undefined;
  onTimeline(timeline: Timeline): void;
  onTime(mediaMs: number): void;
  onControl(control: PlayerControl | undefined): void;
}

/** The video of a recording, also while it is written. */
export function Player(props: PlayerProps) {
  const { api } = useShared();
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState<string>();
  const latest = useRef(props);
  latest.current = props;
  const { src } = props;

  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    let player: HlsPlayer | undefined;
    let gone = false;
    latest.current.onControl({
      seek(mediaMs) {
        element.currentTime = mediaMs / 1000;
        void element.play().catch(() => setTrouble("Press play: the browser wants a click first"));
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
      made.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
        const segments = details.fragments.map(({ start, duration, programDateTime }): PlayedSegment => ({
          mediaMs: start * 1000,
          durationMs: duration * 1000,
          wallMs: programDateTime ?? undefined,
        }));
        latest.current.onTimeline(new Timeline(segments));
      });
      made.on(Hls.Events.FRAG_BUFFERED, () => setTrouble(undefined));
      made.on(Hls.Events.ERROR, (_, { fatal, type, details, reason }) => {
        if (!fatal) return;
        setTrouble(`The video stopped: ${reason ?? details}. Trying again`);
        if (type === Hls.ErrorTypes.MEDIA_ERROR) made.recoverMediaError();
        else made.startLoad();
      });
      made.loadSource(src);
      made.attachMedia(element);
    };
    void open();
    return () => {
      gone = true;
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
      />
      {trouble !== undefined && <p class="notice bad" role="status">{trouble}</p>}
    </div>
  );
}
