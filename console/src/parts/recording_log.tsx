import { useEffect, useState } from "preact/hooks";
import type { ApiClient } from "@roomtone/functions/client";
import { slept } from "../api.ts";
import { dateText } from "../format.ts";
import { useShared } from "../hooks.ts";
import "../system.css";
import { Trouble } from "./notice.tsx";

type Line = Awaited<ReturnType<ApiClient["recordingLog"]>>["body"]["lines"][number];

/** How often new lines are asked for, ms. */
const EVERY_MS = 5_000;
/** Lines of one answer. */
const PAGE_LINES = "500";
/** Lines that are shown: the newest. */
const SHOWN = 1_000;
const LEVELS = { info: "", warn: "warning", error: "error" } as const;

/** What the system logged about a recording: folded until somebody asks, and then kept up to date. */
export function RecordingLog({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Log of this recording</summary>
      {open && <Lines id={id} />}
    </details>
  );
}

function Lines({ id }: { id: string }) {
  const { api } = useShared();
  const [lines, setLines] = useState<readonly Line[]>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const follow = async () => {
      let after = "";
      setLines(undefined);
      do {
        try {
          const query = { after, limit: PAGE_LINES };
          const { body } = await api.client.recordingLog({ params: { id }, query }, { signal });
          if (signal.aborted) return;
          after = body.after;
          setError(undefined);
          setLines((last = []) => [...last, ...body.lines].slice(-SHOWN));
          if (body.lines.length > 0) continue;
        } catch (thrown) {
          if (signal.aborted) return;
          setError(thrown);
        }
        await slept(EVERY_MS, signal);
      } while (!signal.aborted);
    };
    void follow();
    return () => stop.abort();
  }, [api, id]);
  return (
    <>
      <Trouble error={error} />
      {lines?.length === 0 && <p class="quiet-text">Nothing was logged about it.</p>}
      {lines !== undefined && lines.length > 0 && (
        <div class="log" tabIndex={0} role="region" aria-label="Lines of the log, the newest last">
          <table class="wraps">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col">More</th>
              </tr>
            </thead>
            <tbody>
              {lines.map(({ at, level, event, fields }, index) => (
                <tr key={`${at} ${index}`}>
                  <td>
                    <time dateTime={new Date(at).toISOString()} title={new Date(at).toISOString()}>{dateText(at)}</time>
                  </td>
                  <td class={level === "info" ? undefined : "bad"}>
                    {event.replaceAll("_", " ")}
                    {level !== "info" && ` (${LEVELS[level]})`}
                  </td>
                  <td>{fieldsText(fields)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

/** `part 1, folder some.host/1` */
function fieldsText(fields: Line["fields"]): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
