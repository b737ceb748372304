/** Options that several commands share, and how a wrong command line is reported. */
import { type ApiClient, apiClient } from "@roomtone/functions/client";
import type { TikTokOptions } from "@roomtone/sdk";
import { eulerSigner } from "@roomtone/sdk/euler";
import type { CliIo } from "./io.ts";

/** The command line cannot be right; the usage text says how it goes. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly usage: string;

  constructor(message: string, usage: string) {
    super(message);
    this.usage = usage;
  }
}

/** The one name of a command that takes exactly one. */
export function onlyName(positionals: string[], usage: string): string {
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError("no name was given", usage);
  if (more.length > 0) throw new UsageError(`one name was expected, ${positionals.length} were given`, usage);
  return name;
}

/**
 * The value of an option that takes a whole number from 0 to `most`.
 * @returns `undefined` when the option was not given
 * @throws UsageError for anything else
 */
export function wholeNumber(
  option: string,
  value: string | undefined,
  most: number,
  usage: string,
): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= most) return number;
  throw new UsageError(`${option} takes a whole number from 0 to ${most}`, usage);
}

/**
 * The client's options from the environment: `ROOMTONE_TIKTOK_WEB_URL`, `ROOMTONE_TIKTOK_WEBCAST_URL` and
 * `ROOMTONE_TIKTOK_SOCKET_URL` dial another server in TikTok's place, such as the stand-in. The local system reads the
 * same three. `ROOMTONE_TIKTOK_COOKIES` is a `Cookie` header that goes to TikTok alone; `ROOMTONE_EULER_KEY` signs with
 * Euler Stream, at `ROOMTONE_EULER_URL` when that is set.
 */
export function clientOptions(io: CliIo): TikTokOptions {
  const baseUrls: TikTokOptions["baseUrls"] = {};
  for (const name of ["web", "webcast", "socket"] as const) {
    const url = io.env[`ROOMTONE_TIKTOK_${name.toUpperCase()}_URL`];
    if (url) baseUrls[name] = url;
  }
  const apiKey = io.env["ROOMTONE_EULER_KEY"] || undefined;
  const host = io.env["ROOMTONE_EULER_URL"] || undefined;
  return {
    baseUrls,
    cookies: io.env["ROOMTONE_TIKTOK_COOKIES"] || undefined,
    signer: apiKey === undefined && host === undefined ? undefined : eulerSigner({ apiKey, host }),
  };
}

/** Where a command line is to run, and its words without that. */
export interface Place {
  words: string[];
  /** What `--remote` says; `undefined` without it. */
  remote: string | undefined;
}

/**
 * Takes `--remote URL` out of a command line, wherever it stands before `--`.
 * @throws UsageError when the address is missing
 */
export function takeRemote(argv: readonly string[], usage: string): Place {
  const words: string[] = [];
  let remote: string | undefined;
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (i >= end || !/^--remote(=|$)/.test(word)) {
      words.push(word);
      continue;
    }
    remote = word === "--remote" ? argv[++i] : word.slice("--remote=".length);
    if (!remote || remote.startsWith("-")) throw new UsageError("--remote takes the address of an API", usage);
  }
  return { words, remote };
}

/**
 * The API that the command is to ask, from `ROOMTONE_REMOTE` (which `--remote` sets) and `ROOMTONE_KEY`.
 * @returns `undefined` when the command is to work on this machine
 * @throws UsageError for an address or a key that cannot be used
 */
export function remoteApi(io: CliIo, usage: string): ApiClient | undefined {
  const url = io.env["ROOMTONE_REMOTE"] || undefined;
  if (url === undefined) return undefined;
  try {
    return apiClient({ url, key: io.env["ROOMTONE_KEY"] || undefined });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, usage);
    throw error;
  }
}
