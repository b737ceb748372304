import type { AlertReply } from "@roomtone/functions/client";
import { newWebhookSecret } from "@roomtone/functions/local";
import { randomFillSync } from "node:crypto";
import { parseArgs } from "node:util";
import { each, teller } from "../batch.ts";
import { formatTime, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";
import { openSystem, type System } from "../system.ts";

/** Shown by `roomtone alerts --help`. */
export const usage = `roomtone alerts ls | resend ID... | secret [--state STATE] [--dir FOLDER] [--json]
  Lists alerts and sends those again that could not be delivered: of the local system, which does it while it runs, or with
  --remote of an API.
  ls             those that were given up, the newest first; with --state pending or delivered the others
  resend ID...   sends dead alerts again, to the targets that did not get them
  secret         makes a secret for a webhook, on this machine
  --dir FOLDER   the local system's data (default: roomtone-data)
  --json         one JSON object a line, as the API answers it

  Examples:
    roomtone alerts ls --state pending
    roomtone alerts resend live_started:7300000000000000001
    roomtone alerts secret`;

const STATES = ["pending", "delivered", "dead"] as const;

/** Lists alerts, sends some again, or makes a secret. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals: [verb, ...ids] } = parseArgs({
    args,
    allowPositionals: true,
    options: { dir: { type: "string" }, json: { type: "boolean" }, state: { type: "string" } },
  });
  const { dir, json = false } = values;
  const state = STATES.find((each) => each === values.state);
  if (verb !== "ls" && verb !== "resend" && verb !== "secret") {
    throw new UsageError("ls, resend or secret is missing", usage);
  }
  if (state !== values.state) throw new UsageError(`--state takes ${STATES.join(", ")}`, usage);
  if (state !== undefined && verb !== "ls") throw new UsageError("--state goes with ls", usage);
  if (verb === "resend" ? ids.length === 0 : ids.length > 0) {
    throw new UsageError(verb === "resend" ? "no id was given" : "no id was expected", usage);
  }
  if (verb === "secret") {
    const secret = newWebhookSecret((bytes) => randomFillSync(bytes));
    io.out(json ? JSON.stringify({ secret }) : secret);
    return 0;
  }
  const show = (alert: AlertReply) => {
    for (const line of json ? [JSON.stringify(alert)] : linesOf(alert)) io.out(line);
  };
  const system = openSystem(io, dir, usage);
  try {
    if (verb === "ls") {
      await list(system, state, io, show);
      return 0;
    }
    return await each(ids, ids.length === 1, io, teller(io, json, "id"), async (id) => {
      show((await system.api.resendAlert({ params: { id } }, { signal: io.signal })).body);
    });
  } finally {
    system.close();
  }
}

async function list(
  { api }: System,
  state: AlertReply["state"] | undefined,
  { signal }: CliIo,
  show: (alert: AlertReply) => void,
): Promise<void> {
  let cursor: string | undefined;
  do {
    const { body } = await api.listAlerts({ query: { limit: "1000", cursor, state } }, { signal });
    for (const alert of body.alerts) show(alert);
    cursor = body.cursor;
  } while (cursor !== undefined);
}

function linesOf({ id, at, username, state, deliveries }: AlertReply): string[] {
  const lines = [`${id}  @${username}  ${formatTime(at)}  ${state}`];
  for (const [target, delivery] of Object.entries(deliveries)) {
    const { state, tries, problem } = delivery;
    lines.push(`  ${target}  ${state}  ${tries} ${tries === 1 ? "try" : "tries"}  ${problem ?? ""}`.trimEnd());
  }
  return lines.map(plain);
}
