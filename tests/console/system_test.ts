import { assertEquals } from "@std/assert";
import { after, afterEach, before, describe, it } from "node:test";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { assertAccessible, type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";

const { browser, skipped }: ChromiumStart = await startChromium();
if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("the system's page", () => {
    let world: ConsoleWorld;

    before(async () => {
      world = await startConsoleWorld(browser);
      world.standin.room("some.host").startLive();
      world.standin.room("other.host").fault({ kind: "http", route: "*", reply: "captcha_page" });
      await world.system.store.putWatch("some.host", Date.now());
      await world.system.store.putWatch("other.host", Date.now());
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("shows what runs, what waits and what was refused", async () => {
      const page = await world.open("#/system");
      await page.getByText("API and store work").waitFor();
      await page.getByRole("row", { name: "Recordings that run 1" }).waitFor();
      await page.getByRole("row", { name: /Free on the disk [\d.]+ [GT]B/ }).waitFor();
      await page.getByRole("row", { name: /TikTok asks for a captcha \d/ }).waitFor();
      await page.getByText("None.", { exact: true }).waitFor();
      await assertAccessible(page);
      await shoot(page, "system");
    });

    it("says when the server is away, and goes on when it is back", async () => {
      const page = await world.open("#/system");
      await page.getByText("API and store work").waitFor();
      await page.context().setOffline(true);
      await page.getByRole("alert").filter({ hasText: "it was not reached" }).waitFor();
      await page.context().setOffline(false);
      await page.getByText("API and store work").waitFor();
      const unexpected = world.complaints.splice(0).filter((line) => !/ERR_INTERNET_DISCONNECTED/.test(line));
      assertEquals(unexpected, []);
    });
  });
}
