/**
 * What `gen/schema.ts` is made of. The empty values are shared by all messages, so they are frozen.
 * @module
 */

/** A list that a message does not have. */
export const NO_LIST: readonly unknown[] = /* @__PURE__ */ Object.freeze([]);

/** A map that a message does not have. */
export const NO_MAP: Readonly<Record<string, unknown>> = /* @__PURE__ */ Object.freeze({});

/** Bytes that a message does not have. */
export const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/**
 * One message of a schema: its fields as codes, and a function that makes a message without any field. The function is
 * one object literal: engines make such objects thirty times as fast as copies of an object, field by field.
 */
export type SchemaRow = readonly [codes: string, create: () => Record<string, unknown>];
