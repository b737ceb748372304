/**
 * The SDK on Node: proxies.
 * @module
 */
export { proxied } from "./src/runtime/node_proxy.ts";
export type { ProxyOptions, ProxyParts } from "./src/runtime/proxy_options.ts";
