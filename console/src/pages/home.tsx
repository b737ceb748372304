import { AppError, type RecordingReply, type WatchReply } from "@roomtone/functions/client";
import { useMemo, useRef } from "preact/hooks";
import { type Api, isPassing } from "../api.ts";
import { type Resource, useResource, useShared } from "../hooks.ts";
import { AddNames, StartRecording } from "../parts/home_forms.tsx";
import { LiveCards, useViewers } from "../parts/live_cards.tsx";
import { Empty, Trouble } from "../parts/notice.tsx";
import { WatchTable } from "../parts/watch_table.tsx";
import "../home.css";

/** How often the page is brought up to date, ms. */
const EVERY_MS = 3_000;
/** Names that the API gives at once; a list of several such pages is read the less often the longer it is. */
const NAMES_AT_ONCE = 1_000;
/** Pages of recordings that are searched for those that run. A page may be short: it holds what is left after a filter. */
const MOST_PAGES = 3;

/** The watchlist, and the lives that are being recorded. */
export function Home() {
  const { api } = useShared();
  const watches = useWatches(api);
  const lives = useResource((signal) => readLives(api, signal), EVERY_MS);
  const viewers = useViewers(lives.value ?? []);
  const byName = useMemo(
    () =>
      new Map((lives.value ?? []).flatMap(({ id, username }) => {
        const count = viewers.get(id);
        return count === undefined ? [] : [[username, count]];
      })),
    [lives.value, viewers],
  );
  return (
    <>
      <Away error={lives.error ?? watches.error} />
      <section aria-labelledby="lives-title">
        <h1 id="lives-title">Being recorded now</h1>
        {lives.value === undefined && lives.error === undefined && <Empty>Looking for lives…</Empty>}
        {lives.value?.length === 0 && <Empty>Nobody is being recorded.</Empty>}
        {lives.value !== undefined && <LiveCards recordings={lives.value} viewers={viewers} />}
      </section>
      <section aria-labelledby="watch-title">
        <h2 id="watch-title">Watchlist</h2>
        <div class="forms">
          <AddNames onDone={watches.refresh} />
          <StartRecording onDone={lives.refresh} />
        </div>
        {watches.value === undefined && watches.error === undefined && <Empty>Reading the watchlist…</Empty>}
        {watches.value?.length === 0 && <Empty>Nobody is watched yet. Add a name above.</Empty>}
        {watches.value !== undefined && watches.value.length > 0 && (
          <WatchTable watches={watches.value} viewers={byName} onDone={watches.refresh} />
        )}
      </section>
    </>
  );
}

/** Says in one place that the page is not up to date, and why. */
function Away({ error }: { error: unknown }) {
  if (!(error instanceof AppError) || !isPassing(error)) return <Trouble error={error} />;
  return (
    <p class="notice bad" role="alert">
      The server does not answer ({error.code.replaceAll("_", " ")}). What stands here may be old; the page asks again
      by itself.
    </p>
  );
}

/** The whole watchlist. */
function useWatches(api: Api): Resource<WatchReply[]> {
  const count = useRef(0);
  const everyMs = EVERY_MS * Math.max(1, Math.ceil(count.current / NAMES_AT_ONCE));
  return useResource(async (signal) => {
    const watches = await readAll(api, signal);
    count.current = watches.length;
    return watches;
  }, everyMs);
}

async function readAll({ client }: Api, signal: AbortSignal): Promise<WatchReply[]> {
  const watches: WatchReply[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await client.listWatches({ query: { limit: String(NAMES_AT_ONCE), cursor } }, { signal });
    watches.push(...body.watches);
    ({ cursor } = body);
  } while (cursor !== undefined);
  return watches;
}

/** Recordings that run, the newest first. */
async function readLives({ client }: Api, signal: AbortSignal): Promise<RecordingReply[]> {
  const lives: RecordingReply[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES && (pages === 0 || cursor !== undefined); pages++) {
    const { body } = await client.listRecordings({ query: { state: "recording", limit: "1000", cursor } }, { signal });
    lives.push(...body.recordings);
    ({ cursor } = body);
  }
  return lives;
}
