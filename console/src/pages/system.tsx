import { AppError } from "@roomtone/functions/client";
import type { ComponentChildren } from "preact";
import { bytesText, countText, dateText, fromNow, refusalText } from "../format.ts";
import { useNow, useResource, useShared } from "../hooks.ts";
import { readMetrics, type Sample, valueOf, valuesBy } from "../model/metrics.ts";
import { Trouble } from "../parts/notice.tsx";
import { Disk, RecentTrouble, RecordersAtWork, WaysToTikTok } from "../parts/system_state.tsx";

/** How often the state is read, ms. */
const EVERY_MS = 5_000;

/** The state of the system. */
export function System() {
  const { api } = useShared();
  const now = useNow();
  const health = useResource((signal) => api.client.health({}, { signal }), EVERY_MS, [api]);
  const read = useResource((signal) => api.client.system({}, { signal }), EVERY_MS, [api]);
  const state = read.value?.body;
  const metrics = useResource(
    async (signal) => {
      const response = await fetch("/metrics", { headers: api.headers(), signal });
      return response.ok ? readMetrics(await response.text()) : [];
    },
    EVERY_MS,
    [api],
  );
  return (
    <section aria-labelledby="system-title">
      <h1 id="system-title">System</h1>
      <Trouble error={health.error ?? read.error ?? metrics.error} />
      {health.value !== undefined && health.error === undefined && <p class="notice">API and store work.</p>}
      <div class="columns">
        {state !== undefined && <RecordersAtWork state={state} now={now} />}
        {state !== undefined && <WaysToTikTok state={state} now={now} />}
        {state !== undefined && <RecentTrouble state={state} now={now} />}
        {state !== undefined && <Disk state={state} />}
        {metrics.value?.length === 0 && (
          <p class="notice">This server keeps its numbers elsewhere: on AWS they are in CloudWatch.</p>
        )}
        {metrics.value !== undefined && metrics.value.length > 0 && <Numbers samples={metrics.value} />}
        <Canary />
        <Alerts />
      </div>
    </section>
  );
}

function Numbers({ samples }: { samples: readonly Sample[] }) {
  const count = (name: string) => countText(valueOf(samples, `roomtone_${name}`) ?? 0);
  const refusals = valuesBy(samples, "roomtone_tiktok_refusals_total", "code");
  const gaps = valuesBy(samples, "roomtone_recording_gaps_total", "half");
  return (
    <>
      <Table
        title="Recordings since the start"
        rows={[
          ["Recordings that run", count("recordings_active")],
          ["Recordings that wait for a recorder", count("due_recordings")],
          ["Parts begun", count("recordings_started_total")],
          ["Leases lost to another recorder", count("lease_losses_total")],
          ["Reconnects", count("reconnects_total")],
          ...gaps.map(([half, value]): [string, string] => [`Gaps in ${half}`, countText(value)]),
          ["Video stored", bytesText(valueOf(samples, "roomtone_recorded_bytes_total") ?? 0)],
        ]}
      />
      <Table
        title="Events and watchlist"
        rows={[
          ["Events stored", count("events_written_total")],
          ["Events that wait to be stored", count("spool_events")],
          ["Change records that failed", count("change_records_failed_total")],
          ["Names that wait for their check", count("due_watches")],
          ["Facts of the protocol that changed", count("canary_drifts")],
        ]}
      />
      <Table
        title="Refusals by TikTok"
        rows={refusals.length === 0 ? [["None since the start", "0"]] : refusals.map(([code, value]) => [
          refusalText(code),
          countText(value),
        ])}
      />
    </>
  );
}

function Table({ title, rows }: { title: string; rows: [ComponentChildren, ComponentChildren][] }) {
  return (
    <table>
      <caption>{title}</caption>
      <tbody>
        {rows.map(([name, value], index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            <td class="number">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Alerts that reached nobody, to be sent again. */
function Alerts() {
  const { api, complain, tell } = useShared();
  const now = useNow(EVERY_MS);
  const dead = useResource((signal) => api.client.listAlerts({ query: { state: "dead" } }, { signal }), EVERY_MS, [
    api,
  ]);
  const resend = async (id: string) => {
    try {
      await api.client.resendAlert({ params: { id } });
      tell("It is sent again");
      dead.refresh();
    } catch (error) {
      complain(error);
    }
  };
  const missing = dead.error instanceof AppError && dead.error.code === "not_found";
  if (missing) return null;
  return (
    <section aria-labelledby="alerts-title">
      <h2 id="alerts-title">Alerts that reached nobody</h2>
      <Trouble error={besides(dead.error)} />
      {dead.value?.body.alerts.length === 0 && <p class="quiet-text">None.</p>}
      <ul class="plain">
        {dead.value?.body.alerts.map(({ id, kind, username, at, deliveries }) => (
          <li key={id}>
            <b>@{username}</b> {kind.replaceAll("_", " ")}, <span title={dateText(at)}>{fromNow(at, now)}</span>:{" "}
            <span class="bad">{Object.values(deliveries).flatMap(({ problem }) => problem ?? []).join("; ")}</span>{" "}
            <button type="button" class="quiet" onClick={() => void resend(id)}>Send again</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How often the canary's facts are read, ms: it looks once an hour. */
const CANARY_EVERY_MS = 60_000;

/** What has changed at TikTok. */
function Canary() {
  const { api } = useShared();
  const now = useNow(CANARY_EVERY_MS);
  const read = useResource((signal) => api.client.canary({}, { signal }), CANARY_EVERY_MS, [api]);
  const known = read.value?.body;
  if (read.error instanceof AppError && read.error.code === "not_found") return null;
  return (
    <section aria-labelledby="canary-title">
      <h2 id="canary-title">TikTok's protocol</h2>
      <Trouble error={besides(read.error)} />
      {known !== undefined && (
        <p class="quiet-text">
          {known.ran_at === null
            ? "The canary has not looked yet."
            : `${known.facts.length} facts, looked at ${
              fromNow(known.ran_at, now)
            }; ${known.drifts} are not as they were.`}
        </p>
      )}
      <ul class="plain">
        {known?.facts.filter(({ drifted }) => drifted).map(({ name, current, last_good: was, since }) => (
          <li key={name}>
            <b>{name}</b> is <span class="bad">{current || "gone"}</span>, was {was || "absent"}, since{" "}
            {dateText(since)}
          </li>
        ))}
        {known?.refusals.map(({ what, code }) => (
          <li key={what}>
            {what}: {refusalText(code)}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What went wrong beside the server being away, which the head of the page tells. */
function besides(error: unknown): unknown {
  return error instanceof AppError && (error.code === "network" || error.code === "deadline") ? undefined : error;
}
