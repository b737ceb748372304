import { AppError } from "../contract/errors.ts";
import type { Scope } from "../contract/scopes.ts";
import type { ApiKey, BucketRule, BucketState, KeyStore } from "../ports/key_store.ts";

/** Requests a minute of a key that was made without saying how many. */
export const DEFAULT_REQUESTS_PER_MINUTE = 600;

const WINDOW_MS = 60_000;
const ID_BYTES = 6;
const SECRET_BYTES = 32;
/** `rtk_`, the id, and a secret of 256 bits. */
const KEY = /^rtk_([0-9a-f]{12})_[0-9a-f]{64}$/;

/** What a new key is to be. */
export interface NewKey {
  name: string;
  scopes: readonly Scope[];
  /** @default {@link DEFAULT_REQUESTS_PER_MINUTE} */
  requestsPerMinute?: number;
}

/** What a key's bucket has left. */
export interface Allowance {
  /** Requests a minute. */
  quota: number;
  windowMs: number;
  /** Requests that may come at once, now. */
  remaining: number;
  /** Time until the bucket is full again. */
  resetMs: number;
  /** Time until the next request fits, when this one did not; else 0. */
  retryAfterMs: number;
}

/** A key that was shown and is good. */
export interface Admission {
  key: ApiKey;
  allowance: Allowance;
}

/**
 * Makes and stores a key.
 * @param random fills the array with random bytes, fit for secrets
 * @returns the key: it is shown this once, the store has its hash only
 */
export async function createKey(
  deps: { keys: KeyStore; now: number; random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array },
  { name, scopes, requestsPerMinute = DEFAULT_REQUESTS_PER_MINUTE }: NewKey,
): Promise<{ key: ApiKey; secret: string }> {
  const id = toHex(deps.random(new Uint8Array(ID_BYTES)));
  const secret = `rtk_${id}_${toHex(deps.random(new Uint8Array(SECRET_BYTES)))}`;
  const key: ApiKey = { id, hash: await hashKey(secret), name, scopes, requestsPerMinute, createdAt: deps.now };
  await deps.keys.addKey(key);
  return { key, secret };
}

/**
 * Checks a key that a caller shows, and counts the request. A key that is good but may not do this counts nothing.
 * @param shown the key as it came
 * @param scope that the route needs
 * @throws AppError `unauthorized` for no key or a wrong one, `forbidden` for one without the scope
 */
export async function admit(
  { keys, now }: { keys: KeyStore; now: number },
  shown: string | undefined,
  scope: Scope,
): Promise<Admission> {
  if (shown === undefined) throw unauthorized("no API key came with the request");
  const id = KEY.exec(shown)?.[1];
  const [key, hash] = await Promise.all([id === undefined ? undefined : keys.getKey(id), hashKey(shown)]);
  if (key === undefined || !sameText(key.hash, hash)) throw unauthorized("the API key is not known");
  if (!key.scopes.includes(scope)) {
    throw new AppError("forbidden", `Check the API key: ${key.id} has no scope ${scope}`, {
      remedy: `Use a key with the scope ${scope}: roomtone key create --scope ${scope}`,
    });
  }
  const rule: BucketRule = { capacity: key.requestsPerMinute, intervalMs: WINDOW_MS / key.requestsPerMinute };
  const state = await keys.takeToken(key.id, now, rule);
  if (state === undefined) throw unauthorized("the API key is not known");
  return { key, allowance: toAllowance(state, now, rule) };
}

function toAllowance({ taken, fullAt }: BucketState, now: number, rule: BucketRule): Allowance {
  const resetMs = Math.max(0, fullAt - now);
  const used = resetMs / rule.intervalMs;
  return {
    quota: rule.capacity,
    windowMs: WINDOW_MS,
    remaining: Math.max(0, Math.floor(rule.capacity - used)),
    resetMs,
    retryAfterMs: taken ? 0 : Math.max(1, resetMs - (rule.capacity - 1) * rule.intervalMs),
  };
}

function unauthorized(saw: string): AppError {
  return new AppError("unauthorized", `Check the API key: ${saw}`, {
    remedy: "Send a key as `Authorization: Bearer KEY` or `x-api-key: KEY`; `roomtone key create` makes one",
  });
}

async function hashKey(key: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key))));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Compares two texts of one length in a time that does not tell where they differ. */
function sameText(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i);
  return difference === 0;
}
