import type { ApiClient } from "@roomtone/functions/client";
import { acceptHere, canaryReply, loadConfig, LocalConfig, lookOnce } from "@roomtone/functions/local";
import { parseArgs } from "node:util";
import { teller, tellWrong } from "../batch.ts";
import { formatMoment, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { FROM, fromHelp, readNames } from "../names.ts";
import { remoteApi, UsageError } from "../options.ts";

/** Shown by `roomtone canary --help`. */
export const usage = `roomtone canary [NAME...] [--from FILE] [--all] [--json] [--dir FOLDER]
  Looks once whether TikTok's protocol is as it was, and stores what it found; exit code 1 when a fact is not as it was.
  With --remote it looks at nothing, and shows what the canary of an API found last.
  NAME...        hosts who are likely live; else one that is being recorded, or that TikTok recommends, is taken
${fromHelp(15)}
  --accept FACT  takes what a fact is now for how it should be, and looks at nothing; all: whatever drifted; may be
                 repeated
  --all          lists every fact, not only those that are not as they were
  --json         one JSON object a fact
  --dir FOLDER   the local system's data (default: roomtone-data)

  Examples:
    roomtone canary some.host --all
    roomtone canary --accept room.status`;

/** Looks at the facts of TikTok's protocol. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      accept: { type: "string", multiple: true },
      all: { type: "boolean" },
      json: { type: "boolean" },
      dir: { type: "string" },
      ...FROM,
    },
  });
  const given = positionals.length > 0 || values.from !== undefined;
  const names = given ? await readNames(positionals, values.from, io, usage) : undefined;
  const hosts = names?.usernames ?? [];
  const { accept, all = false, json = false, dir } = values;
  const remote = remoteApi(io, usage);
  if (remote !== undefined && (dir !== undefined || hosts.length > 0)) {
    throw new UsageError("names and --dir do not go with --remote", usage);
  }
  tellWrong(names?.wrong ?? [], teller(io, json));
  const config = () => loadConfig(LocalConfig, { ...io.env, ROOMTONE_DATA_DIR: dir ?? io.env["ROOMTONE_DATA_DIR"] });
  if (accept !== undefined && hosts.length > 0) throw new UsageError("names do not go with --accept", usage);
  const named = accept?.includes("all") ? undefined : accept;
  const { signal } = io;
  const here = async () =>
    canaryReply(await (accept ? acceptHere(config(), named) : lookOnce(config(), hosts, () => {}, signal)));
  const there = async (api: ApiClient) =>
    (await (accept ? api.acceptCanary({ body: { facts: named } }, { signal }) : api.canary({}, { signal }))).body;
  const { facts, refusals } = remote === undefined ? await here() : await there(remote);
  const drifts = facts.filter(({ drifted }) => drifted);
  for (const fact of all ? facts : drifts) {
    const { name, drifted, current, last_good: lastGood, since } = fact;
    const drift = `DRIFTED    ${name}  ${current || "nothing"}, was ${lastGood || "nothing"}, since ${
      formatMoment(since)
    }`;
    if (json) io.out(JSON.stringify(fact));
    else io.out(plain(drifted ? drift : `as it was  ${name}  ${current}`));
  }
  for (const { what, code } of refusals) io.err(plain(`no answer  ${what}  ${code}`));
  io.err(`${facts.length} facts, ${drifts.length} not as they were`);
  // Nothing was found out at all.
  const nothing = facts.length === 0 && refusals.length > 0;
  return drifts.length === 0 && !nothing ? 0 : 1;
}
