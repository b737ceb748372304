import type { WatchReply } from "@roomtone/functions/client";
import { useMemo, useState } from "preact/hooks";
import { countText, fromNow, refusalText } from "../format.ts";
import { useNow, useShared } from "../hooks.ts";
import {
  countStandings,
  type Order,
  ORDERS,
  pageOf,
  type Standing,
  standingOf,
  STANDINGS,
  viewOf,
  WATCHES_PER_PAGE,
  type WatchView,
} from "../model/watches.ts";
import { Empty } from "./notice.tsx";
import { QualityOptions, readQuality } from "./quality_select.tsx";

const PRIORITIES = [-3, -2, -1, 0, 1, 2, 3];

/** The watchlist as a table, a page at a time: a list of ten thousand names is as quick as one of ten. */
export function WatchTable(
  { watches, viewers, onDone }: {
    watches: readonly WatchReply[];
    /** Viewers by name, where they are known. */
    viewers: ReadonlyMap<string, number>;
    onDone(): void;
  },
) {
  const now = useNow();
  const [view, setView] = useState<WatchView>({ search: "", standing: "", order: "standing" });
  const [wanted, setPage] = useState(0);
  const shown = useMemo(() => viewOf(watches, view), [watches, view]);
  const counts = useMemo(() => countStandings(watches), [watches]);
  const { page, items } = pageOf(shown, wanted, WATCHES_PER_PAGE);
  const look = (change: Partial<WatchView>) => {
    setView({ ...view, ...change });
    setPage(0);
  };
  return (
    <>
      <div class="row" role="search" aria-label="Watchlist">
        <label class="grow">
          Find a name
          <input
            type="search"
            value={view.search}
            autocomplete="off"
            onInput={({ currentTarget }) => look({ search: currentTarget.value })}
          />
        </label>
        <label>
          Show
          <select
            value={view.standing}
            onChange={({ currentTarget }) => look({ standing: currentTarget.value as Standing | "" })}
          >
            <option value="">all ({countText(watches.length)})</option>
            {Object.entries(STANDINGS).map(([standing, text]) => (
              <option key={standing} value={standing}>{text} ({countText(counts[standing as Standing])})</option>
            ))}
          </select>
        </label>
        <label>
          Order by
          <select value={view.order} onChange={({ currentTarget }) => look({ order: currentTarget.value as Order })}>
            {Object.entries(ORDERS).map(([order, text]) => <option key={order} value={order}>{text}</option>)}
          </select>
        </label>
      </div>
      {items.length === 0 && <Empty>No name on the list is like that.</Empty>}
      {items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Watched names">
          <table>
            <thead>
              <tr>
                <th scope="col">Host</th>
                <th scope="col">State</th>
                <th scope="col" class="number">Viewers</th>
                <th scope="col">Last live</th>
                <th scope="col">Next check</th>
                <th scope="col">Priority</th>
                <th scope="col">Quality</th>
                <th scope="col">
                  <span class="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((watch) => (
                <WatchRow
                  key={watch.username}
                  watch={watch}
                  viewers={viewers.get(watch.username)}
                  now={now}
                  onDone={onDone}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager page={page} count={shown.length} onTurn={setPage} />
    </>
  );
}

function Pager({ page, count, onTurn }: { page: number; count: number; onTurn(page: number): void }) {
  if (count <= WATCHES_PER_PAGE) return null;
  const first = page * WATCHES_PER_PAGE;
  const last = Math.min(count, first + WATCHES_PER_PAGE);
  return (
    <nav class="pager" aria-label="Pages of the watchlist">
      <button type="button" disabled={page === 0} onClick={() => onTurn(page - 1)}>Previous names</button>
      <span role="status">{countText(first + 1)} to {countText(last)} of {countText(count)}</span>
      <button type="button" disabled={last === count} onClick={() => onTurn(page + 1)}>Next names</button>
    </nav>
  );
}

interface RowProps {
  watch: WatchReply;
  viewers: number | undefined;
  now: number;
  onDone(): void;
}

function WatchRow({ watch, viewers, now, onDone }: RowProps) {
  const { api, complain, tell } = useShared();
  const { username, failures, paused, last_error: why } = watch;
  const standing = standingOf(watch);
  const change = async (action: () => Promise<unknown>, done: string) => {
    try {
      await action();
      tell(done);
      onDone();
    } catch (error) {
      complain(error);
    }
  };
  const put = (query: Parameters<typeof api.client.putWatch>[0]["query"], done: string) =>
    void change(() => api.client.putWatch({ params: { username }, ...query && { query } }), done);
  return (
    <tr>
      <td>@{username}</td>
      <td>
        <span class={`badge ${standing}`}>{STANDINGS[standing]}</span>
        {failures > 0 && why !== undefined && <span class="bad">{` ${refusalText(why)} (${failures}×)`}</span>}
      </td>
      <td class="number">{standing === "live" && viewers !== undefined ? countText(viewers) : "–"}</td>
      <td>{watch.last_live_at === undefined ? "–" : fromNow(watch.last_live_at, now)}</td>
      <td>{watch.next_check_at === undefined ? "–" : fromNow(Math.max(watch.next_check_at, now), now)}</td>
      <td>
        <select
          aria-label={`Priority of ${username}`}
          value={watch.priority}
          onChange={({ currentTarget: { value } }) => put({ priority: value }, `@${username} has priority ${value}`)}
        >
          {PRIORITIES.map((priority) => <option key={priority} value={priority}>{priority}</option>)}
        </select>
      </td>
      <td>
        <select
          aria-label={`Quality of ${username}`}
          value={watch.quality ?? "origin"}
          onChange={({ currentTarget }) => {
            const value = readQuality(currentTarget.value);
            put({ quality: value }, `@${username} is recorded in ${value ?? "the best"} quality from the next live on`);
          }}
        >
          <QualityOptions />
        </select>
      </td>
      <td>
        <span class="cell-buttons">
          <button
            type="button"
            class="quiet"
            aria-label={`${paused ? "Resume" : "Pause"} ${username}`}
            onClick={() =>
              put(
                { paused: paused ? "false" : "true" },
                paused ? `@${username} is looked at again` : `@${username} is paused`,
              )}
          >
            {paused ? "Resume" : "Pause"}
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${username}`}
            onClick={() =>
              void change(() => api.client.deleteWatch({ params: { username } }), `@${username} is off the list`)}
          >
            Remove
          </button>
        </span>
      </td>
    </tr>
  );
}
