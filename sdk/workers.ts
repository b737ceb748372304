/**
 * For Cloudflare Workers, whose WebSocket takes no headers: sockets that come from `fetch`.
 *
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * import { fetchUpgradeSockets } from "@roomtone/sdk/workers";
 * const tiktok = new TikTok({ socket: fetchUpgradeSockets() });
 * ```
 * @module
 */
export { type FetchUpgradeOptions, fetchUpgradeSockets } from "./src/runtime/fetch_upgrade_socket.ts";
