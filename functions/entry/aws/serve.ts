import type { Hono } from "hono";
import { type APIGatewayProxyResult, handle, type LambdaEvent } from "hono/aws-lambda";

/** A request as an HTTP API hands it over. */
type HttpApiEvent = Extract<LambdaEvent, { rawPath: string }>;

/** What never stands in an encoded path: a bare percent sign, what ends a path, and what is not printable ASCII. */
const NOT_IN_A_PATH = /%(?![0-9a-f]{2})|[?#\\]|[^\x21-\x7e]/giu;

/**
 * An app as a function behind an HTTP API with payload format 2.0. The gateway's request id becomes the app's own where
 * the caller sent none, so that one id is in the access log, in the function's log and in the answer.
 */
export function serve(app: Hono): (event: HttpApiEvent) => Promise<APIGatewayProxyResult> {
  const answer = handle(app);
  return (event) => {
    const { http: { method }, requestId } = event.requestContext;
    return answer({
      ...event,
      headers: { "x-request-id": requestId, ...event.headers },
      // The gateway hands the path over decoded: a `?` or `#` in a name must not end it.
      rawPath: event.rawPath.toWellFormed().replace(NOT_IN_A_PATH, encodeURIComponent),
      // A `Request` of these methods takes no body, and no route reads one.
      body: method === "GET" || method === "HEAD" ? null : event.body,
    });
  };
}
