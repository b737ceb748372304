/**
 * The SDK on Node: proxies, and the host's zlib.
 * @module
 */
export { proxied } from "./src/runtime/node_proxy.ts";
export type { ProxyOptions, ProxyParts } from "./src/runtime/proxy_options.ts";
export { hostGunzip } from "./src/runtime/host_gunzip.ts";
export type { Gunzip } from "./src/wire/gunzip.ts";
