// deno-lint-ignore-file require-await -- ports return promises, and this store answers at once
import { type Scope, SCOPES } from "../../contract/scopes.ts";
import { DEFAULT_REQUESTS_PER_MINUTE } from "../../core/api_keys.ts";
import type { ApiKey, KeyStore } from "../../ports/key_store.ts";

/** Id, hash and scopes of one key. */
const ENTRY = /^([0-9a-f]{12}):([0-9a-f]{64}):([a-z+]+)$/;

/**
 * API keys out of a setting, as a Worker's secret holds them. How much a key was used is counted in this isolate only:
 * Cloudflare's own rate limiting is the one for all isolates.
 * @param text keys as `id:hash:scope+scope`, separated by commas; the hash is the SHA-256 of the whole key, in hex
 * @throws TypeError that names the entry by its number and shows nothing of it
 */
export function envKeys(text: string): KeyStore {
  const keys = new Map<string, ApiKey>();
  const fullAt = new Map<string, number>();
  const entries = text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
  for (const [index, entry] of entries.entries()) {
    const [, id, hash, scopes] = ENTRY.exec(entry) ?? [];
    const wanted = scopes?.split("+") ?? [];
    if (id === undefined || hash === undefined || !wanted.every(isScope)) {
      throw new TypeError(
        `Cannot read API key ${index + 1}: it is not id:hash:scope, scopes being ${SCOPES.join("+")}`,
      );
    }
    const requestsPerMinute = DEFAULT_REQUESTS_PER_MINUTE;
    keys.set(id, { id, hash, name: id, scopes: wanted, requestsPerMinute, createdAt: 0 });
  }
  return {
    async addKey() {
      throw new TypeError("Cannot add an API key: the keys are in the Worker's settings");
    },
    async getKey(id) {
      return keys.get(id);
    },
    async listKeys() {
      return { items: [...keys.values()], cursor: undefined };
    },
    async deleteKey() {
      throw new TypeError("Cannot delete an API key: the keys are in the Worker's settings");
    },
    async takeToken(id, now, { capacity, intervalMs }) {
      if (!keys.has(id)) return undefined;
      const from = Math.max(fullAt.get(id) ?? 0, now);
      const taken = from <= now + (capacity - 1) * intervalMs;
      if (taken) fullAt.set(id, from + intervalMs);
      return { taken, fullAt: taken ? from + intervalMs : from };
    },
  };
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}
