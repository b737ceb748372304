import { Buffer } from "node:buffer";
import { lookup } from "node:dns/promises";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, isIPv4 } from "node:net";
import type { AlertMessage, AlertTarget, SendResult } from "../../ports/alert_target.ts";
import { isLoopbackAddress, isPublicAddress } from "./public_address.ts";
import { sign } from "./signature.ts";

/** A webhook. */
export interface WebhookOptions {
  name: string;
  /** https, or http where it is on this machine. */
  url: string;
  secret: Uint8Array;
  /** Whether it may be on this machine. */
  allowLoopback: boolean;
  /** Longest time of a try, from the first look at the name to the last byte of the answer's head, ms. @default 10000 */
  timeoutMs?: number;
  /** Finds the addresses of a name. @default the system's resolver */
  resolve?: (hostname: string) => Promise<readonly string[]>;
  /** Certificates to believe in place of the system's, PEM. */
  ca?: string;
  /** ms since 1970. @default `Date.now` */
  now?: () => number;
}

const TIMEOUT_MS = 10_000;
/** Largest head of an answer. */
const MOST_HEAD_BYTES = 16_384;
/** What is read of an answer's body, which says nothing, so that its sender sees a connection that ends well. */
const MOST_BODY_BYTES = 16_384;
const BODY_MS = 1_000;

/** What is known of an answer. */
interface Head {
  status: number;
  retryAfter: string | undefined;
}

/** A refusal of our own: its message is fit to be shown. */
class NotSentError extends Error {}

/**
 * A receiver of signed requests. The name is looked up once in each try; the connection goes to the very address that was
 * found to be the internet's, whatever the name leads to a moment later. Redirects are not followed, proxies of the
 * environment not used.
 */
export function webhookTarget(options: WebhookOptions): AlertTarget {
  const { name, secret, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  const url = new URL(options.url);
  return {
    name,
    async send({ id, body }: AlertMessage): Promise<SendResult> {
      const late = AbortSignal.timeout(timeoutMs);
      try {
        const address = await inTime(addressOf(url, options), late);
        const headers = {
          ...sign(id, body, now(), secret),
          "content-type": "application/json",
          "user-agent": "roomtone-alerts",
        };
        const { status, retryAfter } = await post(url, address, headers, body, options.ca, late);
        if (status >= 200 && status < 300) return { delivered: true };
        const elsewhere = status >= 300 && status < 400 ? ", and redirects are not followed" : "";
        const problem = `the answer has status ${status}${elsewhere}`;
        return { delivered: false, problem, retryAfterMs: readRetryAfter(retryAfter, now()) };
      } catch (error) {
        if (late.aborted) return { delivered: false, problem: `no answer within ${timeoutMs / 1000} s`, late: true };
        return { delivered: false, problem: error instanceof NotSentError ? error.message : codeOf(error) };
      }
    },
  };
}

/** The address to connect to: IPv4 where there is one, since not every machine has a way to the others. */
async function addressOf(url: URL, { resolve = resolveName, allowLoopback }: WebhookOptions): Promise<string> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(hostname) === 0 ? await resolve(hostname) : [hostname];
  const refused = addresses.filter((each) => !isPublicAddress(each) && !(allowLoopback && isLoopbackAddress(each)));
  // One such address among others is enough: who answers so means no good, or is set up wrong.
  if (refused.length > 0) throw new NotSentError("not sent: the name leads to an address that is not the internet's");
  const address = addresses.find(isIPv4) ?? addresses[0];
  if (address === undefined) throw new NotSentError("not sent: the name leads to no address");
  if (url.protocol !== "https:" && !isLoopbackAddress(address)) {
    throw new NotSentError("not sent: without TLS only this machine is reached");
  }
  return address;
}

async function resolveName(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

function post(
  url: URL,
  address: string,
  headers: Readonly<Record<string, string>>,
  text: string,
  ca: string | undefined,
  late: AbortSignal,
): Promise<Head> {
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const body = Buffer.from(text);
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (request: ClientRequest, settle: () => void) => {
      late.removeEventListener("abort", giveUp);
      clearTimeout(timer);
      request.destroy();
      settle();
    };
    const take = (response: IncomingMessage) => {
      const head = { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] };
      const done = () => end(request, () => resolve(head));
      let bytes = 0;
      timer = setTimeout(done, BODY_MS);
      response.on("data", (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes > MOST_BODY_BYTES) done();
      });
      response.on("end", done);
      response.on("error", done);
    };
    const secure = url.protocol === "https:";
    const request = (secure ? requestHttps : requestHttp)({
      method: "POST",
      host: address,
      port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host, "content-length": body.length },
      maxHeaderSize: MOST_HEAD_BYTES,
      // A connection of its own, outside of what the environment says about proxies.
      agent: false,
      // The certificate must be that of the name.
      ...(secure ? { servername: isIP(hostname) === 0 ? hostname : "", ca } : {}),
    }, take);
    const giveUp = () => end(request, () => reject(late.reason));
    if (late.aborted) return giveUp();
    late.addEventListener("abort", giveUp);
    request.on("error", (error) => end(request, () => reject(error)));
    request.end(body);
  });
}

/** Waits for work that cannot be ended, no longer than until `late` aborts. */
async function inTime<T>(work: Promise<T>, late: AbortSignal): Promise<T> {
  const over = Promise.withResolvers<never>();
  const abort = () => over.reject(late.reason);
  if (late.aborted) abort();
  late.addEventListener("abort", abort);
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    late.removeEventListener("abort", abort);
  }
}

/** Seconds, or a date. */
function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** A code such as ECONNRESET: messages may hold addresses. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? `the connection failed: ${code}` : "the connection failed";
}
