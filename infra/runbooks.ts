/**
 * What wakes somebody, and the page that tells what to do then: every alarm is of one of these kinds, and each kind has a
 * page `docs/runbooks/KIND.md`, with `-` written `_`.
 * @module
 */

/** Kinds of alarms, with what each says. */
export const RUNBOOKS = {
  "function-errors": "Calls end in an error or a time-out of the function",
  "function-throttles": "Calls are turned away: the function's concurrency is used up",
  "api-slow": "One answer in a hundred takes 25 s or more; the gateway waits for 29 s",
  "schedule-missed": "The scheduler could not call a function when it should have",
  "poller-late": "Names of the watchlist wait for their check for five minutes or more",
  "recorders-refused": "Recorder tasks could not be started while recordings wait for them",
  "recordings-failed": "Recordings ended by a failure",
  "lease-losses": "Recorders lose recordings to others while they hold them",
  "live-lag": "What is recorded is stored a minute or more after it happened",
  "consumer-lag":
    "The consumer is a quarter of an hour behind the stream of events; after a day events are gone from it",
  "consumer-failures": "Batches of events were given up, and their places written to the queue",
  "table-throttles": "DynamoDB turns reads or writes of a table away",
  "alerts-dead": "Alerts were given up: nobody was told",
  "canary-drift": "TikTok's protocol is not as it was, or the canary did not run",
} as const satisfies Record<string, string>;

/** A kind of alarm. */
export type AlarmKind = keyof typeof RUNBOOKS;

/** The page of a kind of alarm, from the clone's top folder. */
export function runbookPage(kind: AlarmKind): string {
  return `docs/runbooks/${kind.replaceAll("-", "_")}.md`;
}
