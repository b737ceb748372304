/** Who asks TikTok, and from where: the identity of the environment, or those that are named, each with its proxy. */
import type { TikTokOptions } from "@roomtone/sdk";
import type { CliIo } from "../io.ts";
import { UsageError } from "../usage_error.ts";

/** Somebody who asks TikTok. */
export interface Identity {
  /** `undefined` for that of the environment, when none is named. */
  name: string | undefined;
  /** Its proxy, by host and port alone; `undefined` for a direct way. */
  proxy: string | undefined;
  /** Cookies, fetch and sockets of its own. */
  options: Pick<TikTokOptions, "cookies" | "fetch" | "socket">;
}

/**
 * The identities to look at.
 * @param given `--identity`: `NAME=PROXY_URL`, or `NAME=direct`; without any, `ROOMTONE_IDENTITIES` has them, with
 * spaces or commas between. The session of a named one is in `ROOMTONE_TIKTOK_COOKIES_NAME`: one session from two
 * addresses at a time looks stolen
 */
export async function readIdentities(given: string[] | undefined, io: CliIo, usage: string): Promise<Identity[]> {
  const listed = given ?? (io.env["ROOMTONE_IDENTITIES"] ?? "").split(/[\s,]+/).filter((text) => text !== "");
  const seen = new Set<string>();
  const identities: Identity[] = [];
  for (const text of listed) {
    const [, name = "", url = ""] = /^([A-Za-z0-9_-]+)=(.+)$/s.exec(text) ?? [];
    // The text may hold a password: it is not repeated.
    if (name === "") throw new UsageError("--identity takes NAME=PROXY_URL or NAME=direct", usage);
    if (seen.has(name)) throw new UsageError(`there are two identities ${name}`, usage);
    seen.add(name);
    const cookies = io.env[`ROOMTONE_TIKTOK_COOKIES_${name.toUpperCase().replaceAll("-", "_")}`] || undefined;
    const parts = url === "direct" ? {} : await through(name, url, usage);
    const proxy = url === "direct" ? undefined : new URL(url).host;
    identities.push({ name, proxy, options: { cookies, ...parts } });
  }
  if (identities.length > 0) return identities;
  return [{ name: undefined, proxy: undefined, options: { cookies: io.env["ROOMTONE_TIKTOK_COOKIES"] || undefined } }];
}

async function through(name: string, proxy: string, usage: string) {
  const { proxied } = "Bun" in globalThis
    ? await import("@roomtone/sdk/bun")
    : "Deno" in globalThis
    ? await import("@roomtone/sdk/deno")
    : await import("@roomtone/sdk/node");
  try {
    return await proxied({ proxy });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`identity ${name}: ${error.message}`, usage);
    throw error;
  }
}
