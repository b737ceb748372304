import { serve } from "@hono/node-server";
import type { Hono } from "hono";

/** A listening HTTP server. */
export interface LocalServer {
  /** Such as `http://127.0.0.1:3000`. */
  url: string;
  /** Stops listening and ends open connections. */
  stop(): Promise<void>;
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
