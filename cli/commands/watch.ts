import { AppError, type Quality, type WatchReply } from "@roomtone/functions/client";
import { normaliseUsername } from "@roomtone/sdk";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { eachName, type Tell, teller } from "../batch.ts";
import { formatTime, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { FROM, fromHelp, linesOf, type Names, readNames } from "../names.ts";
import { onlyName, UsageError } from "../options.ts";
import { QUALITY_WORDS, readQuality } from "../quality.ts";
import { openSystem, type System } from "../system.ts";

/** Shown by `roomtone watch --help`. */
export const usage =
  `roomtone watch add|rm|pause|resume NAME... | ls | import NAME | import --file FILE [--dir FOLDER] [--json]
  Changes or lists the watchlist: that of the local system, whether it runs or not, or with --remote that of an API.
${fromHelp(15)} (with add, rm, pause and resume)
  pause          keeps names on the list, and looks at them no more; what is being recorded goes on to its end
  resume         looks at them again, at once
  import NAME    adds those whom a user follows, all pages; needs what followings needs
  --file FILE    adds the names in a file, one a line; - is standard input
  --limit N      most names to add of those whom a user follows, 1 to 1000000 (default: all)
  --priority=N   of names that are added or on the list already, -3 to 3: each step up halves the time between checks
  --quality Q    of names that are added or on the list already: ${QUALITY_WORDS}. Lives that begin
                 from now on are recorded in it; where it is not offered in the best below, else the best there is
  --dir FOLDER   the local system's data (default: roomtone-data)
  --json         one JSON object a line, as the API answers it

  Examples:
    roomtone watch add some.host @other.host --priority=2
    roomtone watch add --from names.txt
    roomtone watch import some.host --limit 200
    roomtone watch ls --json`;

/** Names that the API takes at once. */
const NAMES_AT_ONCE = 1_000;

/** Adds, removes, lists or imports watched names. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      dir: { type: "string" },
      json: { type: "boolean" },
      file: { type: "string" },
      limit: { type: "string" },
      priority: { type: "string" },
      quality: { type: "string" },
      ...FROM,
    },
  });
  const [verb, ...given] = positionals;
  const work = await workOf(verb, given, values, io);
  const system = openSystem(io, values.dir, usage);
  try {
    return await work(system, values.json ? (value) => io.out(JSON.stringify(value)) : undefined);
  } finally {
    system.close();
  }
}

/** Prints a value as JSON; there is none when lines for people are wanted. */
type Json = ((value: unknown) => void) | undefined;
type Work = (system: System, json: Json) => Promise<number>;

async function workOf(
  verb: string | undefined,
  given: string[],
  { file, limit, priority, quality: typed, from, json: asJson = false }: {
    file?: string;
    limit?: string;
    priority?: string;
    quality?: string;
    from?: string[];
    json?: boolean;
  },
  io: CliIo,
): Promise<Work> {
  if (from !== undefined && !["add", "rm", "pause", "resume"].includes(verb ?? "")) {
    throw new UsageError("--from goes with add, rm, pause and resume; import takes --file", usage);
  }
  if (verb !== "import" && (file !== undefined || limit !== undefined)) {
    throw new UsageError("--file and --limit go with import", usage);
  }
  if ((priority ?? typed) !== undefined && verb !== "add") {
    throw new UsageError("--priority and --quality go with add", usage);
  }
  const quality = readQuality(typed, usage);
  if (!/^(-[1-3]|[0-3])$/.test(priority ?? "0")) throw new UsageError("--priority takes -3 to 3", usage);
  switch (verb) {
    case "add":
    case "rm":
    case "pause":
    case "resume": {
      const names = await readNames(given, from, io, usage);
      const tell = teller(io, asJson);
      return (system, json) => {
        if (verb === "add") return add(names, tell, { priority, quality }, system, io, json);
        if (verb === "rm") return remove(names, tell, system, io, json);
        return pause(names, tell, verb === "pause", system, io, json);
      };
    }
    case "ls":
      if (given.length > 0) throw new UsageError("no name was expected", usage);
      return (system, json) => list(system, io, json);
    case "import": {
      if (file === undefined) {
        const name = normaliseUsername(onlyName(given, usage));
        const most = readLimit(limit);
        return (system, json) => importFollowings(name, most, system, io, json);
      }
      if (given.length > 0 || limit !== undefined) throw new UsageError("--file takes neither name nor limit", usage);
      const lines = linesOf(readFileSync(file === "-" ? 0 : file, "utf8"));
      if (lines.length === 0) throw new UsageError(`there is no name in ${file}`, usage);
      const places = new Map(
        lines.map(({ input, line }) => [input, `${file === "-" ? "standard input" : file}:${line}`]),
      );
      return (system, json) => importNames(places, system, io, json);
    }
    default:
      throw new UsageError("add, rm, pause, resume, ls or import is missing", usage);
  }
}

async function add(
  names: Names,
  tell: Tell,
  query: { priority: string | undefined; quality: Quality | undefined },
  { api }: System,
  io: CliIo,
  json: Json,
): Promise<number> {
  return await eachName(names, io, tell, async (username) => {
    const { status, body } = await api.putWatch({ params: { username }, query }, { signal: io.signal });
    if (json) json(body);
    else io.out(status === 201 ? `+ @${username}` : `@${username} is on the watchlist already`);
  });
}

async function remove(names: Names, tell: Tell, { api }: System, io: CliIo, json: Json): Promise<number> {
  return await eachName(names, io, tell, async (username) => {
    const removed = await api.deleteWatch({ params: { username } }, { signal: io.signal }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AppError && error.code === "not_found") return false;
        throw error;
      },
    );
    if (json) json({ username, removed });
    else io.out(removed ? `- @${username}` : `@${username} was not on the watchlist`);
  });
}

async function pause(
  names: Names,
  tell: Tell,
  paused: boolean,
  { api }: System,
  io: CliIo,
  json: Json,
): Promise<number> {
  return await eachName(names, io, tell, async (username) => {
    const params = { username };
    // Putting a name that is not on the list would add it.
    await api.getWatch({ params }, { signal: io.signal });
    const { body } = await api.putWatch({ params, query: { paused: paused ? "true" : "false" } }, {
      signal: io.signal,
    });
    if (json) json(body);
    else io.out(paused ? `@${username} is paused` : `@${username} is looked at again`);
  });
}

async function list({ api }: System, io: CliIo, json: Json): Promise<number> {
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const { body } = await api.listWatches({ query: { limit: "1000", cursor } }, { signal: io.signal });
    for (const watch of body.watches) {
      if (json) json(watch);
      else io.out(plain(lineOf(watch)));
    }
    cursor = body.cursor;
  }
  return 0;
}

function lineOf({ username, state, paused, quality, checked_at: checkedAt, last_error: error }: WatchReply): string {
  const checked = checkedAt === undefined ? "not checked yet" : `checked ${formatTime(checkedAt)}`;
  return [`@${username}`, paused ? "paused" : state, checked, quality, error].filter(Boolean).join("  ");
}

async function importFollowings(
  uniqueId: string,
  most: number,
  { api }: System,
  io: CliIo,
  json: Json,
): Promise<number> {
  const done: Done = { added: 0, existing: 0, skipped: [] };
  for (let minCursor = 0, more = true, left = most; more && left > 0;) {
    const body = { uniqueId, limit: Math.min(left, NAMES_AT_ONCE), minCursor };
    const { body: reply } = await api.importWatches({ body }, { signal: io.signal });
    const read = note(done, reply);
    left -= read;
    more = reply.has_more && reply.min_cursor !== undefined && reply.min_cursor !== minCursor && read > 0;
    minCursor = reply.min_cursor ?? 0;
    io.status(`${most - left} names read`);
  }
  return tell(done, io, json);
}

/** @param places names as they were given, and where */
async function importNames(
  places: ReadonlyMap<string, string>,
  { api }: System,
  io: CliIo,
  json: Json,
): Promise<number> {
  const done: Done = { added: 0, existing: 0, skipped: [] };
  const names = [...places.keys()];
  for (let i = 0; i < names.length; i += NAMES_AT_ONCE) {
    const usernames = names.slice(i, i + NAMES_AT_ONCE);
    note(done, (await api.importWatches({ body: { usernames } }, { signal: io.signal })).body);
  }
  const skipped = done.skipped.map((each) => {
    const at = places.get(each.username);
    return at === undefined ? each : { ...each, at };
  });
  return tell({ ...done, skipped }, io, json);
}

/** What an import did so far. */
interface Done {
  added: number;
  existing: number;
  /** `at`: the line of a file. */
  skipped: { username: string; reason: string; at?: string }[];
}

/** Adds what one request did; gives back how many names that were. */
function note(done: Done, { added, existing, skipped }: Done): number {
  done.added += added;
  done.existing += existing;
  done.skipped.push(...skipped);
  return added + existing + skipped.length;
}

function tell(done: Done, io: CliIo, json: Json): number {
  if (json) json(done);
  else {
    for (const { username, reason, at } of done.skipped) {
      io.err(plain(`left out ${JSON.stringify(username)}${at === undefined ? "" : ` (${at})`}: ${reason}`));
    }
    io.out(`${done.added} added, ${done.existing} were there already, ${done.skipped.length} left out`);
  }
  return 0;
}

function readLimit(given: string | undefined): number {
  if (given === undefined) return Infinity;
  const limit = Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000_000) {
    throw new UsageError("--limit takes a number from 1 to 1000000", usage);
  }
  return limit;
}
