import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { getRandomValues } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type SqliteKeyStore, sqliteKeyStore } from "../adapters/local/sqlite_key_store.ts";
import { AppError } from "../contract/errors.ts";
import { admit, createKey } from "./api_keys.ts";

const NOW = 1_760_000_000_000;

describe("API keys", () => {
  let keys: SqliteKeyStore;
  beforeEach(() => void (keys = sqliteKeyStore(":memory:")));
  afterEach(() => keys.close());

  const make = (scopes: ("lookup" | "read" | "write")[], requestsPerMinute?: number) =>
    createKey({ keys, now: NOW, random: (bytes) => getRandomValues(bytes) }, { name: "k", scopes, requestsPerMinute });
  const refusal = async (shown: string | undefined, now = NOW) => {
    const error = await assertRejects(() => admit({ keys, now }, shown, "read"));
    return error instanceof AppError ? error.code : error;
  };

  it("createKey() gives a key of 256 random bits whose hash alone is stored", async () => {
    const { key, secret } = await make(["read"]);
    assertMatch(secret, new RegExp(`^rtk_${key.id}_[0-9a-f]{64}$`));
    const stored = JSON.stringify((await keys.listKeys({ limit: 9 })).items);
    assert(stored.includes(key.hash) && !stored.includes(secret.slice(-64)));
    assert((await make(["read"])).secret !== secret);
  });

  it("admit() lets a key in by its whole text and its scope", async () => {
    const { key, secret } = await make(["lookup", "read"]);
    assertEquals((await admit({ keys, now: NOW }, secret, "read")).key, key);
    for (const wrong of [undefined, "", "rtk_", secret.slice(0, -1), `${secret}0`, secret.toUpperCase()]) {
      assertEquals(await refusal(wrong), "unauthorized", wrong);
    }
    const other = (await make(["read"])).secret;
    assertEquals(await refusal(`${secret.slice(0, 16)}${other.slice(16)}`), "unauthorized");
    assertEquals(await refusal((await make(["lookup", "write"])).secret), "forbidden");
    await keys.deleteKey(key.id);
    assertEquals(await refusal(secret), "unauthorized");
  });

  it("admit() counts requests, and says when the next one fits", async () => {
    const { secret } = await make(["read"], 3);
    const left = async (now: number) => {
      const { allowance } = await admit({ keys, now }, secret, "read");
      return [allowance.remaining, allowance.resetMs, allowance.retryAfterMs];
    };
    assertEquals(await left(NOW), [2, 20_000, 0]);
    assertEquals(await left(NOW), [1, 40_000, 0]);
    assertEquals(await left(NOW), [0, 60_000, 0]);
    assertEquals(await left(NOW), [0, 60_000, 20_000]);
    assertEquals(await left(NOW + 19_000), [0, 41_000, 1_000]);
    assertEquals(await left(NOW + 20_000), [0, 60_000, 0]);
    assertEquals(await left(NOW + 600_000), [2, 20_000, 0]);
  });

  it("admit() counts nothing for a wrong key or scope", async () => {
    const { secret, key } = await make(["read"], 1);
    await refusal(`rtk_${key.id}_${"0".repeat(64)}`);
    await assertRejects(() => admit({ keys, now: NOW }, secret, "write"));
    assertEquals((await admit({ keys, now: NOW }, secret, "read")).allowance.retryAfterMs, 0);
  });
});
