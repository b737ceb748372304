/**
 * A receiver of webhooks on loopback, well-behaved or not.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";

/** A request as it came. */
export interface ReceivedHook {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** What a receiver does with a request that is there in full. */
export type Behaviour = (socket: Socket, hook: ReceivedHook) => void;

/** A receiver that runs. */
export interface WebhookReceiver {
  port: number;
  /** Requests that were there in full, in order. */
  hooks: ReceivedHook[];
  /** Connections that were made. */
  connections(): number;
  /** Connections that are open. */
  open(): number;
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

/** A whole answer. */
export const answer = (status: number, headers: Record<string, string> = {}, body = ""): Behaviour => (socket) => {
  const lines = Object.entries({ "content-length": String(body.length), connection: "close", ...headers });
  socket.end(`HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
};

/** Sends something again and again, as long as the connection is there. @param everyMs 0: as fast as it is taken */
export const drip = (start: string, more: string, everyMs: number): Behaviour => (socket) => {
  socket.write(start);
  const go = () => {
    if (!socket.destroyed) socket.write(more, () => timer = setTimeout(go, everyMs));
  };
  let timer = setTimeout(go, everyMs);
  socket.once("close", () => clearTimeout(timer));
};

/** Starts one. @param tls its certificate; without it, plain HTTP @param host to listen on */
export async function startReceiver(
  { tls, host = "127.0.0.1" }: { tls?: { key: string; cert: string }; host?: string } = {},
): Promise<WebhookReceiver> {
  const hooks: ReceivedHook[] = [];
  const sockets = new Set<Socket>();
  let behaviour: Behaviour = answer(204);
  let connections = 0;
  const take = (socket: Socket) => {
    let text = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const hook = readHook(text);
      if (hook === undefined) return;
      text = "";
      hooks.push(hook);
      behaviour(socket, hook);
    });
  };
  const server: Server = tls === undefined ? createServer(take) : createTlsServer({ ...tls }, take);
  server.on("tlsClientError", () => {});
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    hooks,
    connections: () => connections,
    open: () => sockets.size,
    behave(next) {
      behaviour = next;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A new certificate for some names, or `undefined` where there is no openssl. */
export function makeCertificate(...names: string[]): { key: string; cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-hook-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", key, "-out", cert, "-subj", `/CN=${names[0]}`],
    ...["-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`],
  ]);
  try {
    return made.status === 0 ? { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readHook(text: string): ReceivedHook | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const body = text.slice(end + 4);
  if (body.length < Number(headers["content-length"] ?? 0)) return undefined;
  return { path: first.split(" ")[1] ?? "", headers, body };
}
