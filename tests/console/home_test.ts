import { assertEquals } from "@std/assert";
import { after, afterEach, before, describe, it } from "node:test";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { assertAccessible, type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";

const { browser, skipped }: ChromiumStart = await startChromium();
if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("the console's first page", () => {
    let world: ConsoleWorld;

    before(async () => {
      world = await startConsoleWorld(browser);
      world.standin.room("quiet.host");
      world.standin.room("some.host").startLive({ title: "A live" });
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("takes names, shows who is live and what is recorded, and lets names go", async () => {
      const page = await world.open();
      await page.getByText("Nobody is watched yet").waitFor();
      await page.getByRole("textbox", { name: "Names" }).fill("@some.host, quiet.host");
      await page.getByRole("button", { name: "Watch", exact: true }).click();
      await page.getByText("2 added").waitFor();
      await page.getByRole("row", { name: /@some\.host live/ }).waitFor();
      await page.getByRole("row", { name: /@quiet\.host offline/ }).waitFor();
      await page.getByRole("listitem").filter({ hasText: "@some.host" }).filter({ hasText: "A live" }).waitFor();
      await assertAccessible(page);
      await shoot(page, "home");
      await page.getByLabel("Priority of quiet.host").selectOption("2");
      await page.getByText("@quiet.host has priority 2").waitFor();
      await page.getByRole("button", { name: "Remove quiet.host" }).click();
      await page.getByRole("row", { name: /quiet\.host/ }).waitFor({ state: "detached" });
      assertEquals((await world.system.store.listWatches({ limit: 10 })).items.map(({ username }) => username), [
        "some.host",
      ]);
    });

    it("tells what is wrong with a name", async () => {
      const page = await world.open();
      await page.getByRole("textbox", { name: "Names" }).fill("no/name");
      await page.getByRole("button", { name: "Watch", exact: true }).click();
      await page.getByRole("alert").filter({ hasText: "no/name" }).waitFor();
    });

    it("fits on a phone, in light colours", async () => {
      const page = await world.open("", { width: 360, height: 740, dark: false });
      await page.getByRole("row", { name: /@some\.host/ }).waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assertEquals(wide, 360);
      await assertAccessible(page);
      await shoot(page, "home_phone");
    });
  });
}
