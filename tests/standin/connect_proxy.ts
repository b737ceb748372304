/**
 * An HTTP proxy on loopback that opens tunnels (CONNECT) to one port, whatever host they name, and writes down every
 * request it is sent. It serves no plain requests: those are written down and refused.
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

/** Options of {@link startConnectProxy}. */
export interface ConnectProxyOptions {
  username: string;
  password: string;
  /** Where every tunnel leads: a port on loopback. */
  targetPort: number;
  /** Makes it an https proxy. */
  tls?: { cert: string; key: string };
}

/** One request to the proxy. */
export interface ProxyRequest {
  /** `CONNECT`, or another method for a request without a tunnel. */
  method: string;
  /** Host name and port as sent. */
  target: string;
  /** Whether user and password were right. */
  authorised: boolean;
}

/** A running proxy. */
export interface ConnectProxy {
  /** Without user and password, such as `http://localhost:3128`. */
  readonly url: string;
  /** With user and password, percent-encoded. */
  readonly secretUrl: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly ProxyRequest[];
  /** Forgets the requests so far. */
  forget(): void;
  /** Ends all tunnels and stops listening. */
  stop(): Promise<void>;
}

const MAX_HEAD_BYTES = 16 * 1024;

/** Starts a proxy on a free port. */
export async function startConnectProxy(options: ConnectProxyOptions): Promise<ConnectProxy> {
  const { username, password, targetPort, tls } = options;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const requests: ProxyRequest[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  };

  const answer = (socket: Socket, head: string, rest: Buffer): void => {
    const [requestLine = "", ...lines] = head.split("\r\n");
    const [method = "", target = ""] = requestLine.split(" ");
    const given = lines.find((line) => /^proxy-authorization:/i.test(line))?.replace(/^[^:]*:\s*/, "");
    const authorised = given === authorization;
    requests.push({ method, target, authorised });
    if (!authorised) {
      socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n' +
          "Content-Length: 0\r\nConnection: close\r\n\r\n",
      );
    } else if (method !== "CONNECT") {
      socket.end("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    } else {
      tunnel(socket, rest);
    }
  };

  const tunnel = (socket: Socket, rest: Buffer): void => {
    const onward = connect(targetPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(rest);
      socket.pipe(onward);
      onward.pipe(socket);
    });
    track(onward);
    onward.on("error", () => socket.destroy());
    onward.on("close", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  };

  const onConnection = (socket: Socket): void => {
    track(socket);
    socket.on("error", () => socket.destroy());
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) {
        if (received.length > MAX_HEAD_BYTES) socket.destroy();
        return;
      }
      socket.removeListener("data", onData);
      answer(socket, received.toString("latin1", 0, end), received.subarray(end + 4));
    };
    socket.on("data", onData);
  };

  const server: Server = tls === undefined
    ? createTcpServer(onConnection)
    : createTlsServer({ cert: tls.cert, key: tls.key }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const scheme = tls === undefined ? "http" : "https";
  return {
    url: `${scheme}://localhost:${port}`,
    secretUrl: `${scheme}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@localhost:${port}`,
    requests,
    forget: () => void requests.splice(0),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
