import { assert, assertEquals } from "@std/assert";
import { after, afterEach, before, describe, it } from "node:test";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";
import { giveEvents } from "./many_events.ts";
import { recorded } from "./player_help.ts";

const { browser, skipped }: ChromiumStart = await startChromium();
const COUNT = 120_000;
const SIX_HOURS_MS = 6 * 3_600_000;

if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("a recording of six hours with 120,000 events", () => {
    let world: ConsoleWorld;
    let id: string;

    before(async () => {
      world = await startConsoleWorld(browser);
      id = await recorded(world, "some.host", 6_000);
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("is used while it is read, and says how far it has been read", async () => {
      const fromMs = (await world.system.store.getRecording(id))?.startedAt ?? 0;
      const page = await world.open();
      const seen = Promise.withResolvers<void>();
      const asked: number[] = [];
      await giveEvents(page, {
        ...{ count: COUNT, fromMs, lengthMs: SIX_HOURS_MS },
        async before(after) {
          asked.push(after);
          if (after >= 20_000) await seen.promise;
        },
      });
      await page.route(`**/recordings/${id}`, async (route) => {
        const response = await route.fetch();
        const body = await response.json();
        await route.fulfill({ json: { ...body, totals: { ...body.totals, types: { chat: COUNT } } } });
      });
      await page.goto(`${world.system.url}/#/recordings/${id}`);
      await page.getByText("Chat and gifts are being read: 20,000 of 120,000 so far.").waitFor();
      await page.getByRole("searchbox", { name: "Search" }).fill("message 12345");
      await page.getByText("1 found", { exact: true }).waitFor();
      await page.getByRole("searchbox", { name: "Search" }).fill("");
      await shoot(page, "recording_reading");
      seen.resolve();
      await page.getByText("are being read").waitFor({ state: "detached" });
      assertEquals(asked, Array.from({ length: COUNT / 1_000 }, (_, page) => page * 1_000));
      const chat = page.getByLabel("Chat", { exact: true });
      await chat.focus();
      await page.keyboard.press("End");
      await chat.getByText(`message ${COUNT - 1} `).waitFor();
      assert(await chat.getByRole("listitem").count() < 60);
      await page.getByRole("searchbox", { name: "Search" }).fill("VIEWER500 everybody");
      await page.getByText(/^\d\d found$/).waitFor();
      await shoot(page, "recording_long");
    });
  });
}
