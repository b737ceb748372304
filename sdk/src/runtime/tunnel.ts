/**
 * Raw connections through an HTTP proxy, by CONNECT (RFC 9110, section 9.3.6).
 * @module
 */
import { LiveError } from "../errors.ts";
import { type RawConnection, type RawHost, readHead, writeAll } from "./deno_socket.ts";
import type { ProxyAddress } from "./proxy_options.ts";

/** The part of the `Deno` namespace that is used. */
export interface TunnelHost {
  connect: RawHost["connect"];
  /** Begins TLS on a connection that is open. */
  startTls(
    connection: RawConnection,
    options: { hostname: string; alpnProtocols: string[] },
  ): Promise<RawConnection>;
}

/** A {@link RawHost} whose every connection goes through the proxy. @param proxy one without TLS of its own */
export function tunnelHost(host: TunnelHost, proxy: ProxyAddress): RawHost {
  return {
    connect: (options) => openTunnel(host, proxy, options),
    connectTls: async ({ alpnProtocols, ...options }) =>
      await host.startTls(await openTunnel(host, proxy, options), { hostname: options.hostname, alpnProtocols }),
  };
}

async function openTunnel(
  host: TunnelHost,
  proxy: ProxyAddress,
  target: { hostname: string; port: number; signal?: AbortSignal },
): Promise<RawConnection> {
  const { signal } = target;
  const connection = await host.connect({
    hostname: proxy.hostname,
    port: proxy.port,
    ...(signal === undefined ? {} : { signal }),
  });
  // A connection can be closed once only.
  let open = true;
  const hangUp = () => {
    if (open) connection.close();
    open = false;
  };
  signal?.addEventListener("abort", hangUp, { once: true });
  try {
    signal?.throwIfAborted();
    await writeAll(connection, connectRequest(target, proxy.authorization));
    const { head, rest } = await readHead(connection, "the proxy hung up");
    if (head.status < 200 || head.status > 299) throw refusedBy(head.status);
    if (rest.length > 0) {
      throw new LiveError("protocol", "Open the socket: the proxy sent bytes of its own into the tunnel");
    }
    return connection;
  } catch (error) {
    hangUp();
    throw error;
  } finally {
    signal?.removeEventListener("abort", hangUp);
  }
}

function connectRequest(target: { hostname: string; port: number }, authorization: string | undefined): Uint8Array {
  const { hostname, port } = target;
  const authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const login = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  return new TextEncoder().encode(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`);
}

function refusedBy(status: number): LiveError {
  const evidence = { status };
  if (status !== 407) {
    return new LiveError("network", `Open the socket: the proxy answered HTTP ${status}`, { evidence });
  }
  return new LiveError("network", "Open the socket: the proxy refuses the user and password, HTTP 407", {
    evidence,
    remedy: "Check the user and password in the proxy's URL",
    retryable: false,
  });
}
