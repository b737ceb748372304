import type { PageFile, PageFiles } from "../ports/page_files.ts";

/** The console. */
export interface ConsoleOptions {
  files: PageFiles;
  /** Origins that recorded video comes from, where it is not this server. @default none */
  mediaOrigins?: () => Promise<readonly string[]>;
}

/** Path below which the console's own files are. */
const FILES = "/console/";

/**
 * The console's page at `/`, for a browser, and its files.
 * @returns the answer, or `undefined` when the request is not for the console
 */
export async function consolePage(options: ConsoleOptions, request: Request): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const { headers } = request;
  const gzip = /\bgzip\b/.test(headers.get("accept-encoding") ?? "");
  if (pathname === "/") {
    if (!headers.get("accept")?.includes("text/html")) return undefined;
    const page = await options.files.find("index.html", gzip);
    return page && answer(page, {
      "cache-control": "no-cache",
      "content-security-policy": policy(await options.mediaOrigins?.() ?? []),
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
    });
  }
  if (!pathname.startsWith(FILES)) return undefined;
  const file = await options.files.find(pathname.slice(FILES.length), gzip);
  // Names of assets hold a hash of what is in them.
  return file && answer(file, { "cache-control": "public, max-age=31536000, immutable" });
}

function answer({ body, mediaType, gzip }: PageFile, more: Record<string, string>): Response {
  return new Response(body, {
    headers: {
      "content-type": mediaType,
      ...gzip && { "content-encoding": "gzip" },
      vary: "accept, accept-encoding",
      "x-content-type-options": "nosniff",
      ...more,
    },
  });
}

/**
 * What the console may do: run its own script, ask its own server, play what that server names. Nothing that stands in a
 * chat message can become a script, a style or a request to elsewhere.
 */
function policy(mediaOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    ["connect-src 'self'", ...mediaOrigins].join(" "),
    ["img-src 'self' blob: data:", ...mediaOrigins].join(" "),
    ["media-src 'self' blob:", ...mediaOrigins].join(" "),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
