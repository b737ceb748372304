import type { RecordingReply, WatchReply } from "@roomtone/functions/client";
import { useState } from "preact/hooks";
import { clockText, countText, fromNow, refusalText } from "../format.ts";
import { type Shared, useNow, useResource, useShared } from "../hooks.ts";
import { Empty, Trouble } from "../parts/notice.tsx";
import { hashOf } from "../router.ts";

/** How often the page is brought up to date, ms. */
const EVERY_MS = 3_000;
const PRIORITIES = [-3, -2, -1, 0, 1, 2, 3];

/** The watchlist, and the lives that are being recorded. */
export function Home() {
  const { api } = useShared();
  const watches = useResource((signal) => readAll(api, signal), EVERY_MS);
  const lives = useResource(
    (signal) => api.client.listRecordings({ query: { state: "recording", limit: "100" } }, { signal }),
    EVERY_MS,
  );
  return (
    <>
      <section aria-labelledby="lives-title">
        <h1 id="lives-title">Being recorded now</h1>
        <Trouble error={lives.error} />
        {lives.value?.body.recordings.length === 0 && <Empty>Nobody on the list is live.</Empty>}
        <ul class="cards">
          {lives.value?.body.recordings.map((recording) => <LiveCard key={recording.id} recording={recording} />)}
        </ul>
      </section>
      <section aria-labelledby="watch-title">
        <h2 id="watch-title">Watchlist</h2>
        <AddNames onDone={watches.refresh} />
        <Trouble error={watches.error} />
        {watches.value?.length === 0 && <Empty>Nobody is watched yet. Add a name above.</Empty>}
        {watches.value !== undefined && watches.value.length > 0 && (
          <WatchTable watches={watches.value} onDone={watches.refresh} />
        )}
      </section>
    </>
  );
}

/** The whole watchlist: the API gives it in pages. */
async function readAll({ client }: Shared["api"], signal: AbortSignal): Promise<WatchReply[]> {
  const watches: WatchReply[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await client.listWatches({ query: { limit: "1000", cursor } }, { signal });
    watches.push(...body.watches);
    ({ cursor } = body);
  } while (cursor !== undefined);
  return watches;
}

function LiveCard({ recording }: { recording: RecordingReply }) {
  const now = useNow();
  return (
    <li class="card">
      <a href={hashOf({ page: "recording", id: recording.id })}>
        <b>@{recording.username}</b>
        <span class="clip">{recording.title}</span>
        <span>
          <span class="badge recording">live</span> {clockText(now - (recording.started_at ?? recording.created_at))}
        </span>
      </a>
    </li>
  );
}

function AddNames({ onDone }: { onDone(): void }) {
  const { api, complain, tell } = useShared();
  const [busy, setBusy] = useState(false);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const names = String(given.get("names") ?? "").split(/[\s,]+/).filter((name) => name !== "");
    const followings = given.get("from") === "followings";
    if (names.length === 0) return;
    setBusy(true);
    try {
      if (followings) {
        for (const username of names) {
          const { body } = await api.client.importWatches({ body: { uniqueId: username } });
          tell(
            `${countText(body.added)} added, ${countText(body.existing)} were there, ${body.skipped.length} left out`,
          );
        }
      } else {
        const { body } = await api.client.importWatches({ body: { usernames: names } });
        const [wrong] = body.skipped;
        if (wrong === undefined) tell(`${countText(body.added)} added, ${countText(body.existing)} were there`);
        else complain(new Error(`${wrong.username}: ${wrong.reason}`));
      }
      form.reset();
      onDone();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="row" onSubmit={(event) => void add(event)}>
      <label class="grow">
        Names <input name="names" placeholder="some.host, other.host" required autocomplete="off" />
      </label>
      <label>
        Add
        <select name="from">
          <option value="names">these names</option>
          <option value="followings">whom they follow</option>
        </select>
      </label>
      <button type="submit" disabled={busy}>Watch</button>
    </form>
  );
}

function WatchTable({ watches, onDone }: { watches: readonly WatchReply[]; onDone(): void }) {
  const now = useNow();
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Watched names">
      <table>
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">State</th>
            <th scope="col">Last live</th>
            <th scope="col">Next check</th>
            <th scope="col">Priority</th>
            <th scope="col">
              <span class="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {watches.map((watch) => <WatchRow key={watch.username} watch={watch} now={now} onDone={onDone} />)}
        </tbody>
      </table>
    </div>
  );
}

function WatchRow({ watch, now, onDone }: { watch: WatchReply; now: number; onDone(): void }) {
  const { api, complain, tell } = useShared();
  const { username, state, failures, last_error: why } = watch;
  const change = async (action: () => Promise<unknown>, done: string) => {
    try {
      await action();
      tell(done);
      onDone();
    } catch (error) {
      complain(error);
    }
  };
  const setPriority = (event: Event) => {
    const priority = Number((event.currentTarget as HTMLSelectElement).value);
    void change(
      () => api.client.putWatch({ params: { username }, query: { priority: String(priority) } }),
      `@${username} has priority ${priority}`,
    );
  };
  return (
    <tr>
      <td>@{username}</td>
      <td>
        <span class={`badge ${state}`}>{state}</span>
        {failures > 0 && why !== undefined && <span class="bad">{refusalText(why)} ({failures}×)</span>}
      </td>
      <td>{watch.last_live_at === undefined ? "–" : fromNow(watch.last_live_at, now)}</td>
      <td>{watch.next_check_at === undefined ? "paused" : fromNow(watch.next_check_at, now)}</td>
      <td>
        <select aria-label={`Priority of ${username}`} value={watch.priority} onChange={setPriority}>
          {PRIORITIES.map((priority) => <option key={priority} value={priority}>{priority}</option>)}
        </select>
      </td>
      <td>
        <button
          type="button"
          class="quiet"
          aria-label={`Remove ${username}`}
          onClick={() =>
            void change(() => api.client.deleteWatch({ params: { username } }), `@${username} is off the list`)}
        >
          Remove
        </button>
      </td>
    </tr>
  );
}
