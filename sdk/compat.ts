/**
 * The interface of TikTok-Live-Connector 1.x, for scripts that were written for it: change the import, keep the rest.
 * New programs do better with `@roomtone/sdk`, which is typed and counts gifts and likes exactly.
 *
 * ```ts
 * import { WebcastPushConnection } from "@roomtone/sdk/compat";
 * const connection = new WebcastPushConnection("some.host");
 * connection.on("chat", (data) => console.log(`${data.uniqueId} writes: ${data.comment}`));
 * await connection.connect();
 * ```
 * @module
 */
export { WebcastPushConnection } from "./src/compat/connection.ts";
export { Emitter } from "./src/compat/emitter.ts";
export type { EventMap, Handler } from "./src/compat/emitter.ts";
export type { TransportOptions, WebcastOptions } from "./src/compat/options.ts";
export type * from "./src/compat/types.ts";
