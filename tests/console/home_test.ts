import { assert, assertEquals } from "@std/assert";
import { after, afterEach, before, describe, it } from "node:test";
import { QUALITIES } from "@roomtone/functions/client";
import type { Page } from "playwright-core";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { assertAccessible, type ConsoleWorld, type Look, shoot, startConsoleWorld } from "./console_world.ts";

const { browser, skipped }: ChromiumStart = await startChromium();
/** Chromium's own word for a recording that has no picture yet. */
const NO_PICTURE = "console: Failed to load resource: the server responded with a status of 404 (Not Found)";
/** What it says of a server that is away. */
const AWAY = "console: Failed to load resource: net::ERR_INTERNET_DISCONNECTED";

if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("the console's first page", () => {
    let world: ConsoleWorld;
    let open: Page | undefined;
    const allowed = new Set([NO_PICTURE]);
    const openHome = async (look: Look = {}) => open = await world.open("", look);

    before(async () => {
      world = await startConsoleWorld(browser);
      world.standin.room("quiet.host");
      world.standin.room("some.host").startLive({ title: "A live" });
      world.standin.room("second.host").startLive({ title: "Not on the list" });
    });
    afterEach(async () => {
      await open?.close();
      open = undefined;
      assertEquals(world.complaints.splice(0).filter((each) => !allowed.has(each)), []);
    });
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("takes names, shows who is live and what is recorded, and lets names go", async () => {
      const page = await openHome();
      await page.getByText("Nobody is watched yet").waitFor();
      await page.getByRole("textbox", { name: "Names" }).fill("@some.host, quiet.host");
      await page.getByRole("button", { name: "Watch", exact: true }).click();
      await page.getByText("2 added").waitFor();
      await page.getByRole("row", { name: /@some\.host live/ }).waitFor();
      await page.getByRole("row", { name: /@quiet\.host offline/ }).waitFor();
      await page.getByRole("listitem").filter({ hasText: "@some.host" }).filter({ hasText: "A live" }).waitFor();
      await page.getByLabel("Priority of quiet.host").selectOption("2");
      await page.getByText("@quiet.host has priority 2").waitFor();
      await page.getByLabel("Quality of quiet.host").selectOption({ label: "SD" });
      await page.getByText("@quiet.host is recorded in sd quality").waitFor();
      const watch = await world.system.store.getWatch("quiet.host");
      assertEquals([watch?.priority, watch?.quality], [2, "sd"]);
      await assertAccessible(page);
      await page.getByRole("button", { name: "Remove quiet.host" }).click();
      await page.getByRole("row", { name: /quiet\.host/ }).waitFor({ state: "detached" });
      assertEquals((await world.system.store.listWatches({ limit: 10 })).items.map(({ username }) => username), [
        "some.host",
      ]);
    });

    it("shows each live as a card: a picture of it, its quality, who watches, and the way to it", async () => {
      const page = await openHome();
      const card = page.getByRole("listitem").filter({ hasText: "@some.host" });
      await card.getByText(/^[\d,]+ viewers?$/).waitFor();
      await card.getByText("origin").waitFor();
      const picture = page.getByRole("img", { name: "Newest picture of @some.host's live" });
      await picture.waitFor({ timeout: 60_000 });
      assert(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth > 50)));
      await page.getByRole("row", { name: /@some\.host live [\d,]+/ }).waitFor();
      await assertAccessible(page);
      await shoot(page, "home");
      await card.getByRole("link").click();
      await page.getByRole("heading", { name: "@some.host" }).waitFor();
    });

    it("pauses a name with the keyboard, and looks at it again", async () => {
      const page = await openHome();
      const pause = page.getByRole("button", { name: "Pause some.host" });
      await pause.focus();
      await page.keyboard.press("Enter");
      await page.getByText("@some.host is paused").waitFor();
      await page.getByRole("row", { name: /@some\.host paused/ }).waitFor();
      assertEquals((await world.system.store.getWatch("some.host"))?.paused, true);
      // What is being recorded goes on.
      await page.getByRole("listitem").filter({ hasText: "@some.host" }).waitFor();
      await page.getByRole("button", { name: "Resume some.host" }).press("Enter");
      await page.getByText("@some.host is looked at again").waitFor();
      await page.getByRole("row", { name: /@some\.host live/ }).waitFor();
    });

    it("starts a recording by hand, of a host who is not on the list, in the quality that is chosen", async () => {
      const page = await openHome();
      const form = page.getByRole("form", { name: "Record now" });
      await form.getByRole("textbox").fill("quiet.host");
      await form.getByRole("button", { name: "Record" }).click();
      await page.getByRole("alert").filter({ hasText: "not live" }).waitFor();
      await form.getByRole("textbox").fill("@second.host");
      assertEquals(await form.getByRole("option").count(), QUALITIES.length + 1);
      await form.getByLabel("Quality").selectOption({ label: "SD" });
      await form.getByRole("button", { name: "Record" }).click();
      await page.getByRole("heading", { name: "@second.host" }).waitFor();
      await page.getByRole("link", { name: "Watchlist" }).click();
      await page.getByRole("listitem").filter({ hasText: "@second.host" }).getByText("sd", { exact: true }).waitFor();
      assertEquals(await world.system.store.getWatch("second.host"), undefined);
    });

    it("tells what is wrong with a name", async () => {
      const page = await openHome();
      await page.getByRole("textbox", { name: "Names" }).fill("no/name");
      await page.getByRole("button", { name: "Watch", exact: true }).click();
      await page.getByRole("alert").filter({ hasText: "no/name" }).waitFor();
    });

    it("fits on a phone, in light colours", async () => {
      const page = await openHome({ width: 360, height: 740, dark: false });
      await page.getByRole("row", { name: /@some\.host/ }).waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assertEquals(wide, 360);
      await assertAccessible(page);
      await shoot(page, "home_phone");
    });

    it("says that it is offline, keeps what it showed, and goes on when the server is back", async () => {
      allowed.add(AWAY);
      const page = await openHome();
      await page.getByRole("row", { name: /@some\.host/ }).waitFor();
      await page.context().setOffline(true);
      await page.getByRole("alert").filter({ hasText: "does not answer" }).waitFor();
      await page.getByRole("row", { name: /@some\.host/ }).waitFor();
      await assertAccessible(page);
      await page.context().setOffline(false);
      await page.getByRole("alert").filter({ hasText: "does not answer" }).waitFor({ state: "detached" });
    });

    it("is quick with ten thousand names: it shows some, and finds each", async () => {
      const { store } = world.system;
      for (let i = 0; i < 10_000; i++) await store.putWatch(`host${i}`, Date.now(), { paused: true });
      const page = await openHome();
      await page.getByText("1 to 50 of 10,001").waitFor();
      assertEquals(await page.getByRole("row").count(), 51);
      await page.getByRole("button", { name: "Next names" }).click();
      await page.getByText("51 to 100 of 10,001").waitFor();
      await page.getByRole("searchbox", { name: "Find a name" }).fill("@HOST9876");
      await page.getByRole("row", { name: /@host9876 paused/ }).waitFor();
      assertEquals(await page.getByRole("row").count(), 2);
      await page.getByRole("searchbox", { name: "Find a name" }).fill("");
      await page.getByLabel("Show").selectOption({ label: "live (1)" });
      await page.getByRole("row", { name: /@some\.host live/ }).waitFor();
      await page.getByLabel("Show").selectOption({ label: "no answer (0)" });
      await page.getByText("No name on the list is like that.").waitFor();
      await page.getByLabel("Show").selectOption({ label: "all (10,001)" });
      await page.getByLabel("Order by").selectOption({ label: "name" });
      await page.getByRole("row", { name: /@host0 paused/ }).waitFor();
      await assertAccessible(page);
    });
  });
}
