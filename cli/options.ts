/** Options that several commands share, and how a wrong command line is reported. */
import { type ApiClient, apiClient } from "@roomtone/functions/client";
import type { TikTokOptions } from "@roomtone/sdk";
import { eulerSigner } from "@roomtone/sdk/euler";
import type { CliIo } from "./io.ts";
import { UsageError } from "./usage_error.ts";

export { UsageError };

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

/** Address and key of the API in the environment; the address is empty when there is none. */
export function remoteOf(io: CliIo): { url: string; key: string | undefined } {
  return { url: io.env["ROOMTONE_REMOTE"] ?? "", key: io.env["ROOMTONE_KEY"] || undefined };
}

/**
 * The API that the command is to ask, from `ROOMTONE_REMOTE` (which `--remote` sets) and `ROOMTONE_KEY`.
 * @returns `undefined` when the command is to work on this machine
 * @throws UsageError for an address or a key that cannot be used
 */
export function remoteApi(io: CliIo, usage: string): ApiClient | undefined {
  const { url, key } = remoteOf(io);
  if (url === "") return undefined;
  try {
    return apiClient({ url, key });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, usage);
    throw error;
  }
}
