import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "node:test";
import { envKeys } from "./env_keys.ts";

const HASH = "ab".repeat(32);

describe("envKeys()", () => {
  it("reads keys with their scopes", async () => {
    const keys = envKeys(`0123456789ab:${HASH}:lookup, ba9876543210:${HASH}:lookup+write,`);
    assertEquals((await keys.getKey("0123456789ab"))?.hash, HASH);
    assertEquals((await keys.getKey("ba9876543210"))?.scopes, ["lookup", "write"]);
    assertEquals(await keys.getKey("aaaaaaaaaaaa"), undefined);
    assertEquals((await envKeys("").listKeys({ limit: 10 })).items, []);
  });

  it("shows nothing of an entry that is wrong", () => {
    for (const wrong of ["secret", `0123456789ab:${HASH}:all`, `0123456789ab:${HASH}`]) {
      let message = "";
      try {
        envKeys(wrong);
      } catch (error) {
        message = String(error);
      }
      assertStringIncludes(message, "TypeError: Cannot read API key 1");
      assert(!message.includes("secret") && !message.includes(HASH), message);
    }
  });

  it("holds a bucket for each key", async () => {
    const keys = envKeys(`0123456789ab:${HASH}:lookup`);
    const rule = { capacity: 2, intervalMs: 30_000 };
    assertEquals(await keys.takeToken("0123456789ab", 1_000, rule), { taken: true, fullAt: 31_000 });
    assertEquals(await keys.takeToken("0123456789ab", 1_000, rule), { taken: true, fullAt: 61_000 });
    assertEquals(await keys.takeToken("0123456789ab", 1_000, rule), { taken: false, fullAt: 61_000 });
    assertEquals(await keys.takeToken("0123456789ab", 31_000, rule), { taken: true, fullAt: 91_000 });
    assertEquals(await keys.takeToken("aaaaaaaaaaaa", 1_000, rule), undefined);
  });
});
