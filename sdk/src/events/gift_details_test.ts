/** Gift events of a live that was opened with `giftDetails: true`. */
import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { encodeMessage } from "../testing/encode.ts";
import { settle } from "../testing/fakes.ts";
import { FakeFetch, json } from "../testing/http.ts";
import { batch, collect, entered, rose, setUp } from "../testing/live_world.ts";
import type { GiftEvent } from "./types.ts";

const gifts = [
  { id: 5655, name: "Rose from the list", describe: "sent", diamond_count: 7, type: 1, duration: 900 },
  { id: 6000, name: "Balloon", diamond_count: 500, type: 2, image: { url_list: ["u"] } },
];
const balloon = {
  method: "WebcastGiftMessage",
  payload: encodeMessage("WebcastGiftMessage", { giftId: "6000", repeatCount: 1, groupId: "3", user: { id: "5" } }),
  id: "77",
};

/** What gift events a live gives for messages; `list` answers the request for the gift list. */
async function run(giftDetails: boolean, list: () => Response) {
  const world = setUp();
  let lists = 0;
  const http = new FakeFetch((request) => {
    if (!request.url.pathname.includes("gift/list")) return world.http.fetch(request.url.href, {}) as Promise<Response>;
    lists++;
    return list();
  });
  const { sockets, tiktok } = setUp({ fetch: http.fetch });
  const open = async () => {
    const live = tiktok.live("some.host", { giftDetails });
    const { events } = collect(live);
    await settle();
    sockets.last.accept();
    sockets.last.push(entered);
    sockets.last.push(batch([rose(1), rose(2, 0, "98"), balloon]));
    await settle();
    live.close();
    return events.filter((event): event is GiftEvent => event.type === "gift");
  };
  const first = await open();
  await open();
  return { first, lists };
}

describe("giftDetails", () => {
  it("fill in what messages leave out, and leave what they say", async () => {
    const { first, lists } = await run(true, () => json({ status_code: 0, data: { gifts } }));
    assertEquals(first.map(({ name, describe, diamonds, value }) => [name, describe, diamonds, value]), [
      ["Rose", "sent", 2, 2],
      ["Rose from the list", "sent", 7, 14],
      ["Balloon", "", 500, 500],
    ]);
    assertEquals(first.map(({ streak }) => streak.closedBy), [undefined, undefined, "single"]);
    assertEquals(first.map(({ details }) => details?.durationMs), [900, 900, undefined]);
    assertEquals([first[2]?.imageUrl, lists], ["u", 1]);
    assertEquals("data" in (first[0]?.details ?? {}), false);
  });

  it("are not read unless asked for, and a list that fails stops nothing", async () => {
    const off = await run(false, () => json({ status_code: 0, data: { gifts } }));
    assertEquals([off.lists, off.first.length, off.first[2]?.name], [0, 3, ""]);
    const failed = await run(true, () => new Response("", { status: 403 }));
    assertEquals([failed.lists, failed.first.length, failed.first[0]?.details], [2, 3, undefined]);
  });
});
