import { createKey, openKeys, type Scope, SCOPES } from "@roomtone/functions/local";
import { randomFillSync } from "node:crypto";
import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone key --help`. */
export const usage = `roomtone key create [--scope SCOPE]... [--name TEXT] [--per-minute N] | ls | rm ID...
  Makes, lists or deletes keys of the API, which callers need where it is not on loopback. A key is shown once.
  --scope SCOPE    lookup (ask TikTok), read (watchlist, recordings) or write (change them); several may be given, also
                   with commas between (default: lookup and read)
  --name TEXT      whose it is
  --per-minute N   requests that it may send in a minute, 1 to 1000000 (default: 600)
  --dir FOLDER     the system's data (default: roomtone-data); with ROOMTONE_TABLE_NAME set, the DynamoDB table instead
  --json           one JSON object a key

  Examples:
    roomtone key create --scope lookup,read --name monitoring
    roomtone key ls
    roomtone key rm 0123456789ab`;

/** Makes, lists or deletes API keys. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      scope: { type: "string", multiple: true },
      name: { type: "string" },
      "per-minute": { type: "string" },
      dir: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [verb, ...ids] = positionals;
  if (verb !== "create" && verb !== "ls" && verb !== "rm") throw new UsageError("create, ls or rm is missing", usage);
  if (verb === "rm" ? ids.length === 0 : ids.length > 0) {
    throw new UsageError(verb === "rm" ? "no id was given" : "no id was expected", usage);
  }
  const scopes = readScopes(values.scope ?? ["lookup", "read"]);
  const requestsPerMinute = readCount(values["per-minute"]);
  const keys = await openKeys({ ...io.env, ROOMTONE_DATA_DIR: values.dir ?? io.env["ROOMTONE_DATA_DIR"] });
  try {
    if (verb === "create") {
      const deps = { keys, now: io.now(), random: (bytes: Uint8Array<ArrayBuffer>) => randomFillSync(bytes) };
      const { key, secret } = await createKey(deps, { name: values.name ?? "", scopes, requestsPerMinute });
      io.out(values.json ? JSON.stringify({ id: key.id, key: secret, scopes }) : secret);
      io.err(`key ${key.id} for ${scopes.join(", ")}; it is shown this once`);
      return 0;
    }
    if (verb === "rm") {
      let missing = false;
      for (const id of ids) {
        const found = await keys.deleteKey(id);
        if (!found) missing = true;
        if (values.json) io.out(JSON.stringify({ id, deleted: found }));
        else io.out(found ? `- ${id}` : `there is no key ${plain(id)}`);
      }
      return missing ? 1 : 0;
    }
    let cursor: string | undefined;
    do {
      const page = await keys.listKeys({ limit: 1000, cursor });
      for (const { hash: _, ...key } of page.items) {
        const { id, name, createdAt } = key;
        const day = new Date(createdAt).toISOString().slice(0, 10);
        const words = [id, key.scopes.join(","), `${key.requestsPerMinute}/min`, `since ${day}`, name];
        io.out(values.json ? JSON.stringify(key) : plain(words.join("  ").trimEnd()));
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return 0;
  } finally {
    keys.close();
  }
}

function readScopes(given: string[]): Scope[] {
  const names = given.flatMap((each) => each.split(",")).map((each) => each.trim());
  const scopes = SCOPES.filter((scope) => names.includes(scope));
  const odd = names.find((name) => !SCOPES.some((scope) => scope === name));
  if (odd !== undefined) throw new UsageError(`--scope takes ${SCOPES.join(", ")}, not ${JSON.stringify(odd)}`, usage);
  return scopes;
}

function readCount(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const count = Number(given);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) {
    throw new UsageError("--per-minute takes a number from 1 to 1000000", usage);
  }
  return count;
}
