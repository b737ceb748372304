import type { ComponentChildren } from "preact";
import { bytesText, countText, dateText, fromNow } from "../format.ts";
import {
  callName,
  diskText,
  reasonText,
  routeName,
  slotsText,
  type Standing,
  stateText,
  type SystemState,
  troubleText,
} from "../model/system_words.ts";
import { hashOf } from "../router.ts";
import "../system.css";

/** What is shown, and the reader's time. */
interface StateProps {
  state: SystemState;
  now: number;
}

/** Ways to TikTok: which are open, which refused, why, and since when. */
export function WaysToTikTok({ state: { tiktok }, now }: StateProps) {
  return (
    <section aria-labelledby="ways-title">
      <h2 id="ways-title">Ways to TikTok</h2>
      {tiktok === undefined
        ? (
          <p class="quiet-text">
            Not known here: each recorder keeps what it learns to itself. The log of a recording tells how it got into
            its room.
          </p>
        )
        : (
          <>
            <Standings
              title="Into rooms, in the order of trying"
              rows={tiktok.routes.map((each) => ({ name: routeName(each.route), detail: each.detail, ...each }))}
              now={now}
            />
            <Standings
              title="Look-ups"
              rows={tiktok.calls.filter(({ state }) => state !== "unknown").map((each) => (
                { name: callName(each.call), detail: undefined, ...each }
              ))}
              now={now}
            />
            <p>{requestsText(tiktok.requests, now)}</p>
          </>
        )}
    </section>
  );
}

function requestsText(
  { per_minute, available, waiting, paused_until }: NonNullable<SystemState["tiktok"]>["requests"],
  now: number,
): string {
  if (paused_until !== undefined && paused_until - now > 1_500) {
    return `TikTok refused: it is asked again ${fromNow(paused_until, now)}.`;
  }
  const queue = waiting === 0 ? "none waits" : `${countText(waiting)} wait`;
  return `At most ${countText(Math.round(per_minute))} requests a minute go out, ${
    countText(available)
  } of them at once; ${queue}.`;
}

function Standings(
  { title, rows, now }: {
    title: string;
    rows: (Standing & { name: string; detail: string | undefined })[];
    now: number;
  },
) {
  return (
    <table class="wraps">
      <caption>{title}</caption>
      <tbody>
        {rows.length === 0 && (
          <tr>
            <td>None yet.</td>
          </tr>
        )}
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td class={row.state === "works" ? "good" : row.state === "unknown" ? "" : "bad"}>
              {stateText(row, now)}
            </td>
            <td title={row.detail}>{reasonText(row, now)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Recorders at work, what each records, and what waits for one. */
export function RecordersAtWork({ state: { recorders, waiting, more }, now }: StateProps) {
  return (
    <section aria-labelledby="recorders-title">
      <h2 id="recorders-title">Recorders at work</h2>
      {recorders.length === 0 && <p class="quiet-text">None: they come with the first recording.</p>}
      {recorders.map(({ owner, slots, recordings }) => (
        <div key={owner}>
          <p>
            <b>{owner}</b>: {slotsText(recordings.length, slots)}
          </p>
          <ul class="plain">
            {recordings.map(({ id, username, part, started_at: startedAt, lease_until: until }) => (
              <li key={id}>
                <a href={hashOf({ page: "recording", id })}>@{username}</a>, part {part}
                {startedAt === undefined ? ", not begun yet" : `, for ${fromNow(startedAt, now).replace(" ago", "")}`}
                {until <= now && (
                  <span class="bad">
                    : its recorder gave no sign of life; another one takes it over
                  </span>
                )}
              </li>
            ))}
          </ul>
        </div>
      ))}
      {waiting.length > 0 && (
        <>
          <h3>Waiting for a recorder</h3>
          <ul class="plain">
            {waiting.map(({ id, username, due_at: dueAt, failures }) => (
              <li key={id}>
                <a href={hashOf({ page: "recording", id })}>@{username}</a>,{" "}
                {dueAt > now ? `to be tried ${fromNow(dueAt, now)}` : `since ${fromNow(dueAt, now)}`}
                {failures > 0 && `, after ${failures === 1 ? "one failure" : `${failures} failures`}`}
              </li>
            ))}
          </ul>
        </>
      )}
      {more && <p class="quiet-text">There are more than are shown.</p>}
    </section>
  );
}

/** Room for recordings. */
export function Disk({ state: { disk } }: { state: SystemState }) {
  return (
    <section aria-labelledby="disk-title">
      <h2 id="disk-title">Disk</h2>
      {disk === undefined
        ? (
          <p class="quiet-text">
            Not known here: recorders on AWS have disks of their own, and bring what they record to the bucket.
          </p>
        )
        : (
          <>
            <meter
              aria-label="Used part of the disk"
              min={0}
              max={disk.total_bytes}
              value={disk.total_bytes - disk.free_bytes}
            />
            <p class={disk.low ? "bad" : undefined}>
              {bytesText(disk.free_bytes)} of {bytesText(disk.total_bytes)} free. {diskText(disk)}
            </p>
          </>
        )}
    </section>
  );
}

const CHART = { width: 300, height: 60 };

/** Warnings and errors of the last minutes. */
export function RecentTrouble({ state: { trouble }, now }: StateProps) {
  return (
    <section aria-labelledby="trouble-title">
      <h2 id="trouble-title">Trouble</h2>
      {trouble === undefined
        ? <p class="quiet-text">Not known here: on AWS, CloudWatch counts errors and raises alarms.</p>
        : (
          <>
            <p>{troubleText(trouble)}</p>
            {trouble.kinds.length > 0 && <Bars trouble={trouble} />}
            <ul class="plain">
              {trouble.kinds.map(({ event, level, count, last_at: lastAt }) => (
                <li key={`${level} ${event}`}>
                  <span class={level === "error" ? "bad" : undefined}>{event.replaceAll("_", " ")}</span>{" "}
                  ({level === "error" ? "error" : "warning"}): {countText(count)}, last{" "}
                  <span title={dateText(lastAt)}>{fromNow(lastAt, now)}</span>
                </li>
              ))}
            </ul>
          </>
        )}
    </section>
  );
}

/** A bar for each minute. */
function Bars({ trouble }: { trouble: NonNullable<SystemState["trouble"]> }) {
  const { minutes } = trouble;
  const most = Math.max(1, ...minutes.map(({ warnings, errors }) => warnings + errors));
  const wide = CHART.width / minutes.length;
  const bar = (kind: string, at: number, from: number, count: number): ComponentChildren => (
    <rect
      key={`${kind} ${at}`}
      class={kind}
      x={at * wide + 1}
      width={wide - 2}
      y={CHART.height * (1 - (from + count) / most)}
      height={CHART.height * count / most}
    />
  );
  return (
    <svg
      class="trouble-chart"
      viewBox={`0 0 ${CHART.width} ${CHART.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Warnings and errors by minute, at most ${most}`}
    >
      {minutes.map(({ errors, warnings }, at) => [
        bar("errors", at, 0, errors),
        bar("warnings", at, errors, warnings),
      ])}
    </svg>
  );
}
