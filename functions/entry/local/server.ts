import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { lookup } from "node:dns/promises";
import { isLoopbackName } from "../../contract/loopback_name.ts";

/** A listening HTTP server. */
export interface LocalServer {
  /** Such as `http://127.0.0.1:3000`. */
  url: string;
  /** Stops listening and ends open connections. */
  stop(): Promise<void>;
}

/** An address to listen on. */
export interface BindAddress {
  /** A numeric address. */
  address: string;
  /** Whether only this machine reaches it. */
  loopback: boolean;
}

/**
 * The address that a host name stands for. Whether it is loopback is decided by the address alone, not by the name.
 * @throws Error when there is no such host
 */
export async function bindAddress(host: string): Promise<BindAddress> {
  const { address } = await lookup(host).catch((cause: Error) => {
    throw new Error(`Cannot listen on ${host}: ${cause.message}`, { cause });
  });
  return { address, loopback: isLoopbackName(address) };
}

/**
 * Serves an app over HTTP.
 * @param address port 0 takes a free one
 * @throws Error when the address cannot be had
 */
export function listen(app: Hono, address: { host: string; port: number }): Promise<LocalServer> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) => {
      const name = info.address.includes(":") ? `[${info.address}]` : info.address;
      resolve({ url: `http://${name}:${info.port}`, stop });
    });
    server.once(
      "error",
      (cause) => reject(new Error(`Cannot listen on ${host} port ${port}: ${cause.message}`, { cause })),
    );
    const stop = () =>
      new Promise<void>((done) => {
        server.close(() => done());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
  });
}
