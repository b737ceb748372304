import { assert, assertEquals } from "@std/assert";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import type { Room } from "../standin/rooms.ts";
import { assertAccessible, type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";
import { playing, recorded, until } from "./player_help.ts";

const { browser, skipped }: ChromiumStart = await startChromium();

/** What the browser itself writes about requests that fail. */
const FAILED_REQUEST = /Failed to load resource|net::ERR_/;

if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("a recording in trouble", () => {
    let world: ConsoleWorld;
    let room: Room;
    let finished: string;
    const bar = (page: Page) => page.getByRole("toolbar", { name: /Time of the recording/ });
    const forgive = (known: RegExp) => assertEquals(world.complaints.splice(0).filter((line) => !known.test(line)), []);

    before(async () => {
      world = await startConsoleWorld(browser, { ROOMTONE_STALL_TIMEOUT_MS: "2000", ROOMTONE_LEASE_MS: "3000" });
      finished = await recorded(world, "other.host", 6_000);
      room = world.standin.room("some.host");
      room.startLive({ title: "A live", rate: 0.1, streams: "flv" });
      await world.system.store.putWatch("some.host", Date.now());
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("a stall is a gap on the bar of time, while it lasts and afterwards, and the chat goes on", async () => {
      const page = await world.open(`#/recordings/${room.roomId}`);
      await playing(page);
      room.fault({ kind: "http", route: "flv", reply: "hang" });
      room.fault({ kind: "flv_stall" });
      await bar(page).getByRole("button", { name: /^No video since/ }).waitFor();
      await page.getByText(/^No video comes since [\d:]+\. Chat and gifts go on\.$/).waitFor();
      room.current?.feed.injectFields("WebcastChatMessage", {
        user: { id: "4711", nickname: "Late", displayId: "late" },
        content: "where is the picture?",
      });
      await page.getByLabel("Chat", { exact: true }).getByText("where is the picture?").waitFor();
      await shoot(page, "recording_stall");
      world.standin.clearFaults();
      const gap = bar(page).getByRole("button", { name: /^No video for [\d:]+, at/ });
      await gap.waitFor();
      const listed = page.getByRole("region", { name: "Gaps and reconnects" }).getByRole("listitem");
      await listed.filter({ hasText: /No video for/ }).waitFor();
      await gap.hover();
      await page.locator(".told").getByText(/No video for/).waitFor();
      const [, minutes = "", seconds = ""] = /at (\d+):(\d\d)$/.exec(await gap.getAttribute("aria-label") ?? "") ?? [];
      await gap.click();
      await page.waitForFunction(
        (placeS) => Math.abs((document.querySelector("video")?.currentTime ?? 0) - placeS) < 5,
        Number(minutes) * 60 + Number(seconds),
      );
      await assertAccessible(page);
    });

    it("a lost connection for events is a sign on the bar, which the arrow keys lead to", async () => {
      const page = await world.open(`#/recordings/${room.roomId}`);
      await page.getByLabel("Chat", { exact: true }).locator("li").first().waitFor();
      room.fault({ kind: "socket_drop" });
      await bar(page).getByRole("button", { name: /Connected again/ }).waitFor();
      await bar(page).getByRole("button").first().focus();
      await page.keyboard.press("End");
      assert(await page.evaluate(() => document.activeElement?.matches(".lanes .mark") ?? false));
      await page.keyboard.press("Home");
      const told = await page.locator(".told").innerText();
      await page.keyboard.press("ArrowRight");
      await page.waitForFunction((before) => document.querySelector(".told")?.textContent !== before, told);
    });

    it("says that the server is away, and goes on behind the last event when it is back", async () => {
      const page = await world.open(`#/recordings/${room.roomId}`);
      await playing(page);
      const say = (text: string) =>
        room.current?.feed.injectFields("WebcastChatMessage", {
          user: { id: "4712", nickname: "Asker", displayId: "asker" },
          content: text,
        });
      say("said before");
      await page.getByRole("searchbox", { name: "Search" }).fill("asker said");
      await page.getByText("1 found", { exact: true }).waitFor();
      const asked: string[] = [];
      page.on("request", (request) => {
        const { pathname, searchParams } = new URL(request.url());
        if (pathname.endsWith("/events")) asked.push(searchParams.get("after") ?? "");
      });
      await world.restart(async () => {
        await page.getByRole("alert").filter({ hasText: "it was not reached" }).first().waitFor();
        await shoot(page, "recording_offline");
      });
      await bar(page).getByRole("button", { name: /Part 2 begins/ }).waitFor();
      say("said afterwards");
      await page.getByText("2 found", { exact: true }).waitFor();
      await page.getByRole("alert").first().waitFor({ state: "detached" });
      assert(asked.length > 0 && !asked.includes("0"), `events were asked for behind ${asked.join(", ")}`);
      forgive(FAILED_REQUEST);
    });

    it("an unknown recording is said to be none, with a way on", async () => {
      const page = await world.open("#/recordings/7000000000000000001");
      await page.getByRole("heading", { name: "There is no recording 7000000000000000001" }).waitFor();
      await assertAccessible(page);
      await shoot(page, "recording_unknown");
      await page.getByRole("link", { name: "All recordings" }).click();
      await page.getByRole("row", { name: /@other\.host/ }).waitFor();
      await shoot(page, "recordings");
      forgive(FAILED_REQUEST);
    });

    it("a playlist that is missing is told, and played when it is there", async () => {
      const page = await world.open();
      await page.route("**/index.m3u8", (route) => route.fulfill({ status: 404, body: "" }));
      await page.goto(`${world.system.url}/#/recordings/${finished}`);
      await page.getByText("its playlist is missing").waitFor();
      await page.getByLabel("Chat", { exact: true }).locator("li").first().waitFor();
      await page.unroute("**/index.m3u8");
      await until(page, () => (document.querySelector("video")?.readyState ?? 0) > 1);
      forgive(FAILED_REQUEST);
    });

    it("a piece that is missing is told and passed over", async () => {
      const page = await world.open();
      const playlist = await (await fetch(`${world.system.url}/recordings/${finished}/index.m3u8`)).text();
      const [, , missing = ""] = playlist.split("\n").filter((line) => line.endsWith(".m4s"));
      assert(missing !== "", playlist);
      await page.route(`**/${missing}`, (route) => route.fulfill({ status: 404, body: "" }));
      await page.goto(`${world.system.url}/#/recordings/${finished}`);
      await until(page, () => (document.querySelector("video")?.readyState ?? 0) > 1);
      await page.locator("video").evaluate((video: HTMLVideoElement) => video.play());
      await page.getByText(/The piece of video at [\d:]+ is missing/).waitFor();
      await until(page, () => document.querySelector("video")?.ended === true);
      forgive(FAILED_REQUEST);
    });

    it("a key that is refused is asked for, and the page goes on with a good one", async () => {
      const page = await world.open();
      const problem = JSON.stringify({
        ...{ type: "about:blank", title: "Unauthorized", status: 401, code: "unauthorized" },
        detail: "Check the API key: it is not known",
      });
      await page.route(/\/recordings\/\d+/, async (route) => {
        if (route.request().headers()["authorization"] === "Bearer rtk_good") return await route.continue();
        await route.fulfill({ status: 401, contentType: "application/problem+json", body: problem });
      });
      await page.goto(`${world.system.url}/#/recordings/${finished}`);
      await page.getByRole("dialog", { name: "API key" }).waitFor();
      await page.getByText("it is not known").waitFor();
      await page.getByLabel("Key", { exact: true }).fill("rtk_good");
      await page.getByRole("button", { name: "Use it" }).click();
      await page.getByRole("heading", { name: "@other.host" }).waitFor();
      await until(page, () => (document.querySelector("video")?.readyState ?? 0) > 1);
      forgive(FAILED_REQUEST);
    });
  });
}
