/**
 * The assertions that this project's tests use, under the name and with the signatures of JSR's `@std/assert`,
 * over `node:assert/strict`, so that one test file runs on Bun, Deno and Node without JSR.
 * @module
 */
import nodeAssert from "node:assert/strict";

/** Thrown by every assertion of this module. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

function check(assertion: () => void, message: string | undefined): void {
  try {
    assertion();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new AssertionError(message === undefined ? text : `${message}: ${text}`, { cause });
  }
}

/** Fails unless `value` is truthy. */
export function assert(value: unknown, message = "expected a truthy value"): asserts value {
  if (!value) throw new AssertionError(message);
}

/** Fails unless both are deeply equal, types included. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  check(() => nodeAssert.deepEqual(actual, expected), message);
}

/** Fails when both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  check(() => nodeAssert.notDeepEqual(actual, expected), message);
}

/** Fails unless both are the same value by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  check(() => nodeAssert.equal(actual, expected), message);
}

/** Fails for `null` and `undefined`. */
export function assertExists<T>(actual: T, message = "expected a value"): asserts actual is NonNullable<T> {
  if (actual === null || actual === undefined) throw new AssertionError(message);
}

/** Fails unless `actual` is an instance of `expectedType`. */
export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any -- a constructor's parameters do not matter here
  expectedType: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is T {
  if (!(actual instanceof expectedType)) {
    throw new AssertionError(message ?? `expected an instance of ${expectedType.name}, got ${String(actual)}`);
  }
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  check(() => nodeAssert.match(actual, expected), message);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (!actual.includes(expected)) {
    throw new AssertionError(message ?? `expected ${JSON.stringify(actual)} to contain ${JSON.stringify(expected)}`);
  }
}

/** Fails unless every own field of `expected` is deeply equal in `actual`. */
export function assertObjectMatch(actual: object, expected: object, message?: string): void {
  const pick = (from: unknown, like: unknown): unknown => {
    if (typeof like !== "object" || like === null || typeof from !== "object" || from === null) return from;
    if (Array.isArray(like)) return from;
    const source = from as Record<string, unknown>;
    return Object.fromEntries(Object.entries(like).map(([key, value]) => [key, pick(source[key], value)]));
  };
  check(() => nodeAssert.deepEqual(pick(actual, expected), expected), message);
}

/** Fails when called: for a place that must not be reached. */
export function fail(message = "must not be reached"): never {
  throw new AssertionError(message);
}

/** Fails unless `fn` throws; returns what it threw. */
export function assertThrows(fn: () => unknown, message = "expected the function to throw"): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  throw new AssertionError(message);
}

/** Fails unless `fn` rejects; returns the reason. */
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  message = "expected the promise to reject",
): Promise<unknown> {
  try {
    await fn();
  } catch (error) {
    return error;
  }
  throw new AssertionError(message);
}
