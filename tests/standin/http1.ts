/**
 * A small HTTP/1.1 server over raw sockets. Raw, because a stand-in has to see and do what servers hide: headers that
 * came twice, a refused upgrade answered with status 200, a reply that stops in the middle.
 * @module
 */
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** A request as it stood on the wire. */
export interface RawRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case, in order, duplicates kept. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Host name without port, lower case; empty when the client sent none. */
  readonly host: string;
  /** Port of the `Host` header with its colon; empty when it has none. */
  readonly hostPort: string;
  readonly body: Uint8Array;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** First value of a header. */
  header(name: string): string | undefined;
  /** Every value of a header. */
  headerAll(name: string): string[];
}

/** A reply with a known body. */
export interface RawReply {
  status: number;
  headers?: Record<string, string | readonly string[]>;
  body?: string | Uint8Array;
}

/** What a handler may do with the connection that a request came on. */
export interface Exchange {
  readonly request: RawRequest;
  /** Sends a whole reply with its length; the connection stays open for the next request. */
  reply(reply: RawReply): void;
  /**
   * Takes the socket away from HTTP, with the bytes that were read past the request. The handler owns it from here on.
   */
  takeOver(): { socket: Socket; rest: Uint8Array };
  /** Ends the connection without a word. */
  drop(): void;
}

export type HttpHandler = (exchange: Exchange) => void | Promise<void>;

/** A listening server. */
export interface HttpServer {
  readonly port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

const REASONS: Record<number, string> = {
  101: "Switching Protocols",
  200: "OK",
  204: "No Content",
  302: "Found",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  421: "Misdirected Request",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
};

/** Formats a status line with headers. */
export function formatHead(status: number, headers: Record<string, string | readonly string[]>): string {
  let head = `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === "string" ? [value] : value) head += `${name}: ${one}\r\n`;
  }
  return head + "\r\n";
}

interface Head {
  method: string;
  target: string;
  headers: [string, string][];
}

function parseHead(text: string): Head | undefined {
  const lines = text.split("\r\n");
  const [method, target, version] = (lines[0] ?? "").split(" ");
  if (!method || !target || !version?.startsWith("HTTP/1.")) return undefined;
  const headers: [string, string][] = [];
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    if (colon <= 0) return undefined;
    headers.push([line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]);
  }
  return { method, target, headers };
}

/** Reads a chunked body; `undefined` while it is not whole. */
function parseChunked(bytes: Buffer): { body: Buffer; used: number } | undefined {
  const parts: Buffer[] = [];
  let offset = 0;
  while (true) {
    const lineEnd = bytes.indexOf("\r\n", offset);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", offset, lineEnd), 16);
    if (!(size >= 0)) return { body: Buffer.concat(parts), used: bytes.length };
    const start = lineEnd + 2;
    if (bytes.length < start + size + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), used: start + 2 };
    parts.push(bytes.subarray(start, start + size));
    offset = start + size + 2;
  }
}

function buildRequest(head: Head, body: Uint8Array, secure: boolean): RawRequest | undefined {
  let url: URL;
  try {
    url = new URL(head.target, "http://standin.invalid");
  } catch {
    return undefined;
  }
  const headerAll = (name: string): string[] => head.headers.filter(([key]) => key === name).map(([, value]) => value);
  const host = headerAll("host")[0] ?? "";
  return {
    method: head.method,
    target: head.target,
    path: url.pathname,
    query: url.searchParams,
    headers: head.headers,
    host: host.replace(/:\d+$/, "").toLowerCase(),
    hostPort: /:\d+$/.exec(host)?.[0] ?? "",
    body,
    secure,
    header: (name) => headerAll(name)[0],
    headerAll,
  };
}

/** Serves one connection: requests one after the other, each answered before the next is read. */
function serveConnection(socket: Socket, secure: boolean, handler: HttpHandler): void {
  let buffered: Buffer = Buffer.alloc(0);
  let busy = false;
  let taken = false;
  let inputEnded = false;

  const fail = (): void => {
    socket.end(formatHead(400, { "Content-Length": "0", Connection: "close" }));
  };

  const next = (): void => {
    if (busy || taken || socket.destroyed) return;
    const headEnd = buffered.indexOf("\r\n\r\n");
    if (headEnd < 0) {
      if (buffered.length > MAX_HEAD_BYTES) fail();
      else if (inputEnded) socket.end();
      return;
    }
    const head = parseHead(buffered.toString("latin1", 0, headEnd));
    if (head === undefined) return fail();
    const headerOf = (name: string): string | undefined => head.headers.find(([key]) => key === name)?.[1];
    const bodyStart = headEnd + 4;
    let body: Buffer;
    let used: number;
    if (headerOf("transfer-encoding")?.toLowerCase() === "chunked") {
      const chunked = parseChunked(buffered.subarray(bodyStart));
      if (chunked === undefined) return buffered.length > MAX_BODY_BYTES ? fail() : undefined;
      body = chunked.body;
      used = bodyStart + chunked.used;
    } else {
      const length = Number(headerOf("content-length") ?? "0");
      if (!(length >= 0 && length <= MAX_BODY_BYTES)) return fail();
      if (buffered.length < bodyStart + length) return;
      body = buffered.subarray(bodyStart, bodyStart + length);
      used = bodyStart + length;
    }
    const request = buildRequest(head, new Uint8Array(body), secure);
    if (request === undefined) return fail();
    buffered = buffered.subarray(used);
    busy = true;
    run(request);
  };

  const run = (request: RawRequest): void => {
    const exchange: Exchange = {
      request,
      reply(reply) {
        if (taken || socket.destroyed) return;
        const closing = request.header("connection")?.toLowerCase() === "close";
        const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body ?? new Uint8Array(0);
        const head = formatHead(reply.status, {
          Date: new Date().toUTCString(),
          ...reply.headers,
          "Content-Length": String(body.length),
          Connection: closing ? "close" : "keep-alive",
        });
        const bytes = request.method === "HEAD" ? Buffer.from(head) : Buffer.concat([Buffer.from(head), body]);
        if (closing) socket.end(bytes);
        else socket.write(bytes);
        busy = false;
        queueMicrotask(next);
      },
      takeOver() {
        taken = true;
        socket.removeListener("data", onData);
        socket.removeListener("end", onEnd);
        const rest = new Uint8Array(buffered);
        buffered = Buffer.alloc(0);
        return { socket, rest };
      },
      drop() {
        socket.destroy();
      },
    };
    Promise.resolve()
      .then(() => handler(exchange))
      .catch((error: unknown) => {
        exchange.reply({ status: 500, headers: { "Content-Type": "text/plain" }, body: `stand-in: ${String(error)}` });
      });
  };

  const onData = (chunk: Buffer): void => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    next();
  };
  const onEnd = (): void => {
    inputEnded = true;
    next();
  };
  socket.on("data", onData);
  socket.on("end", onEnd);
  // A client that goes away mid-request is an everyday event; "close" follows and nothing else is to be done.
  socket.on("error", () => socket.destroy());
}

/**
 * Listens for HTTP/1.1, with TLS when `tls` is given.
 * @param options `port` 0 takes a free one
 */
export function serveHttp(
  options: { hostname: string; port: number; tls?: { cert: string; key: string } },
  handler: HttpHandler,
): Promise<HttpServer> {
  const sockets = new Set<Socket>();
  const secure = options.tls !== undefined;
  const onConnection = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
    serveConnection(socket, secure, handler);
  };
  // allowHalfOpen: an HTTP client may end its side and still read the reply.
  const server: Server = options.tls === undefined
    ? createTcpServer({ allowHalfOpen: true }, onConnection)
    : createTlsServer({ cert: options.tls.cert, key: options.tls.key }, onConnection);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.hostname, () => {
      server.removeListener("error", reject);
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : options.port;
      resolve({
        port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
