import { AppError } from "../contract/errors.ts";
import { isLoopbackName } from "../contract/loopback_name.ts";

/** A Host header of this machine as it is mostly written; others are parsed. */
const PLAIN_LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,4})?$/;

/**
 * Refuses what another site's page may send to a server on loopback: requests under a foreign host name (DNS rebinding),
 * with a foreign Origin, or that the browser marks as coming from another site. Forwarded headers count for nothing.
 * @param origins of pages that may call all the same
 * @throws AppError `forbidden`
 */
export function requireLoopback(request: Request, origins: readonly string[] = []): void {
  const host = request.headers.get("host") ?? hostOf(request.url);
  if (!PLAIN_LOOPBACK.test(host) && !isLoopbackName(URL.parse(`http://${host}`)?.hostname ?? "")) {
    throw refusal("the Host header is not a loopback name", "Use the server's address, such as http://127.0.0.1:3000");
  }
  const origin = request.headers.get("origin");
  if (origin !== null && origins.includes(origin)) return;
  if (origin !== null && URL.parse(origin)?.host !== URL.parse(`http://${host}`)?.host) {
    throw refusal(
      "it comes from the page of another origin",
      "Call the API from a program or from its own pages, or name the origin in ROOMTONE_CORS_ORIGINS",
    );
  }
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") {
    throw refusal("it comes from another site", "Type the address into the browser, or call the API from a program");
  }
}

/** Host and port in the URL of a request, which is in its normal form. */
function hostOf(url: string): string {
  const from = url.indexOf("//") + 2;
  return url.slice(from, url.indexOf("/", from));
}

function refusal(saw: string, remedy: string): AppError {
  return new AppError("forbidden", `Check where the request comes from: ${saw}`, { remedy });
}
