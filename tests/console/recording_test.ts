import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { assertAccessible, type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";

const { browser, skipped }: ChromiumStart = await startChromium();

/** Place in the video, s. */
const playedS = (page: Page) => page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime);
const waitFor = (page: Page, condition: () => boolean) =>
  page.waitForFunction(condition, undefined, { polling: 100, timeout: 60_000 });
const runs = (page: Page) =>
  waitFor(page, () => {
    const video = document.querySelector("video");
    return video !== null && video.currentTime > 1 && !video.paused && video.error === null;
  });

if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("a recording in the console", () => {
    let world: ConsoleWorld;
    let id: string;

    before(async () => {
      world = await startConsoleWorld(browser, { ROOMTONE_MP4: "true" });
      const room = world.standin.room("some.host");
      room.startLive({ title: "A <b>live</b>", rate: 2 });
      id = room.roomId;
      await world.system.store.putWatch("some.host", Date.now());
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("plays while it is written, with chat and charts that grow", async () => {
      const page = await world.open(`#/recordings/${id}`);
      await page.getByRole("heading", { name: "@some.host" }).waitFor();
      await runs(page);
      await page.getByLabel("Chat", { exact: true }).getByRole("listitem").nth(5).waitFor();
      await page.getByText(/\d+ viewers now/).waitFor();
      await assertAccessible(page);
      await shoot(page, "recording_live");
    });

    it("is ended by its button, and played back with the chat at its time", async () => {
      const page = await world.open(`#/recordings/${id}`);
      await page.getByRole("button", { name: "Stop recording" }).click();
      await page.getByText("stopped", { exact: true }).waitFor();
      await page.reload();
      await page.locator("video").evaluate((video: HTMLVideoElement) => video.play());
      await runs(page);
      const chat = page.getByLabel("Chat", { exact: true });
      await chat.locator("li").first().waitFor();
      await page.getByRole("slider", { name: "Place in the recording" }).focus();
      await page.keyboard.press("End");
      await chat.locator("li.to-come").first().waitFor({ state: "detached" });
      await page.keyboard.press("Home");
      await chat.locator("li.to-come").first().waitFor();
      assert(await playedS(page) < 5);
      await shoot(page, "recording");
    });

    it("can be taken home as files", async () => {
      const page = await world.open(`#/recordings/${id}`);
      for (
        const [button, start] of [["Chat (subtitles)", "WEBVTT"], ["Events (JSON lines)", "{"], ["Events (CSV)", ""]]
      ) {
        const saved = page.waitForEvent("download");
        await page.getByRole("button", { name: button }).click();
        const text = readFileSync(await (await saved).path(), "utf8");
        assert(text.length > 100 && text.startsWith(start ?? ""), button);
      }
      const saved = page.waitForEvent("download");
      await page.getByRole("button", { name: "Video (MP4)" }).click();
      assertEquals(readFileSync(await (await saved).path()).subarray(4, 8).toString(), "ftyp");
    });

    it("finds words in the chat, and jumps to them", async () => {
      const page = await world.open(`#/recordings/${id}`);
      const words = await page.getByLabel("Chat", { exact: true }).locator("li.chat .words").first().innerText();
      const word = words.split(/\s+/).at(-1) ?? "";
      await page.getByRole("searchbox", { name: "Search" }).fill(word);
      await page.getByText(/^[1-9]\d* found$/).waitFor();
      await page.getByLabel("Found in the chat").getByRole("button").first().click();
      await runs(page);
    });
  });
}
