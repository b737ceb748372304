/**
 * The SDK on Bun: proxies.
 * @module
 */
export { proxied } from "./src/runtime/bun_proxy.ts";
export type { ProxyOptions, ProxyParts } from "./src/runtime/proxy_options.ts";
