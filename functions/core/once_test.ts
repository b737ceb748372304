import { assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "node:test";
import { once } from "./once.ts";

describe("once()", () => {
  it("makes a thing when it is first asked for, for all who ask", async () => {
    let made = 0;
    const get = once(() => Promise.resolve(++made));
    assertEquals(made, 0);
    assertEquals(await Promise.all([get(), get()]), [1, 1]);
    assertEquals([await get(), made], [1, 1]);
  });

  it("tries anew after a failure", async () => {
    let made = 0;
    const get = once(() => ++made === 1 ? Promise.reject(new Error("away")) : Promise.resolve(made));
    const failed = [get(), get()];
    for (const each of failed) await assertRejects(() => each);
    assertEquals([made, await get()], [1, 2]);
  });
});
