/** Reads files of an API: playlists, segments, exports. */
import { apiFailure, AppError } from "@roomtone/functions/client";

/** Redirects from a file to another one. */
const MOST_HOPS = 3;

/**
 * Makes a reader of the files below an API's address. The key goes to that address alone.
 * @param url of the API, with the path before its routes
 */
export function fileReader(
  url: string,
  key: string | undefined,
  fetch: (request: Request) => Promise<Response>,
): (target: string, signal: AbortSignal, base?: string) => Promise<Response> {
  const prefix = new URL(url).href.replace(/\/+$/, "");
  return async (target, signal, base) => {
    let place = base === undefined ? new URL(`${prefix}${target}`) : new URL(target, `${prefix}${base}`);
    for (let hops = 0; hops <= MOST_HOPS; hops++) {
      const isOwn = place.href.startsWith(`${prefix}/`);
      if (place.protocol !== "https:" && place.protocol !== new URL(prefix).protocol) break;
      const headers = new Headers(isOwn && key !== undefined ? { authorization: `Bearer ${key}` } : {});
      const response = await fetch(new Request(place, { headers, redirect: "manual", signal })).catch((cause) => {
        signal.throwIfAborted();
        const remedy = "Check the way to it";
        throw new AppError("network", `Read a file of ${place.host}: it was not reached`, { remedy, cause });
      });
      const next = response.headers.get("location");
      if (response.status >= 300 && response.status < 400 && next !== null) {
        await response.body?.cancel();
        place = new URL(next, place);
      } else if (response.ok) return response;
      // Signed addresses are secrets: only the host is named.
      else throw apiFailure(`files of ${place.host}`, response.status, await response.text(), response.headers);
    }
    throw new AppError("protocol", `Read a file of ${new URL(prefix).host}: it leads to a place that is not read`, {
      remedy: "Check the address of the API",
    });
  };
}
