/**
 * The SDK on Deno: proxies.
 * @module
 */
export { proxied } from "./src/runtime/deno_proxy.ts";
export type { ProxyOptions, ProxyParts } from "./src/runtime/proxy_options.ts";
