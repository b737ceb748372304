/**
 * Euler Stream as a signer, apart from the main door so that programs without it do not carry it.
 * @module
 */
export { eulerSigner } from "./src/signing/euler.ts";
export type { EulerOptions } from "./src/signing/euler.ts";
