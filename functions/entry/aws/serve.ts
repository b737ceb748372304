import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { Hono } from "hono";
import { Buffer } from "node:buffer";

/** What never stands in an encoded path: a bare percent sign, what ends a path, and what is not printable ASCII. */
const NOT_IN_A_PATH = /%(?![0-9a-f]{2})|[?#\\]|[^\x21-\x7e]/giu;
/** A header's value that `Request` takes and a route may read. */
const SANE_VALUE = /^[\t\x20-\x7e]*$/;
/** Types of answers that are text. */
const TEXT = /^text\/|[/+]json\b|\bmpegurl\b/;

/**
 * An app as a function behind an HTTP API with payload format 2.0. The gateway's request id becomes the app's own where
 * the caller sent none, so that one id is in the access log, in the function's log and in the answer.
 */
export function serve(app: Hono): (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2> {
  return async (event) => await toResult(await app.fetch(toRequest(event)));
}

/** Cookies are left out: no route has a use for those of a caller. */
function toRequest(event: APIGatewayProxyEventV2): Request {
  const { http: { method }, domainName, requestId } = event.requestContext;
  // The gateway hands the path over decoded: a `?` or `#` in a name must not end it.
  const path = event.rawPath.toWellFormed().replace(NOT_IN_A_PATH, encodeURIComponent);
  const query = event.rawQueryString === "" ? "" : `?${event.rawQueryString}`;
  const headers = new Headers({ "x-request-id": requestId });
  for (const [name, value = ""] of Object.entries(event.headers)) {
    if (SANE_VALUE.test(value)) headers.set(name, value);
  }
  // A `Request` of these methods takes no body, and no route reads one.
  const hasBody = method !== "GET" && method !== "HEAD" && event.body !== undefined;
  const body = hasBody ? Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8") : null;
  return new Request(`https://${domainName}${path}${query}`, { method, headers, body });
}

async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const { status: statusCode, headers } = response;
  const body = Buffer.from(await response.arrayBuffer());
  const isText = body.length === 0 ||
    (!headers.has("content-encoding") && TEXT.test(headers.get("content-type") ?? ""));
  return {
    statusCode,
    headers: Object.fromEntries(headers),
    body: body.toString(isText ? "utf8" : "base64"),
    isBase64Encoded: !isText,
  };
}
