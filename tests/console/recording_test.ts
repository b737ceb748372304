import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { after, afterEach, before, describe, it } from "node:test";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import type { Live } from "../standin/rooms.ts";
import { assertAccessible, type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";
import { chatMatchesVideo, playedS, playing, until } from "./player_help.ts";

const { browser, skipped }: ChromiumStart = await startChromium();

if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("a recording in the console", () => {
    let world: ConsoleWorld;
    let live: Live;
    let id: string;

    before(async () => {
      world = await startConsoleWorld(browser, { ROOMTONE_MP4: "true" });
      const room = world.standin.room("some.host");
      live = room.startLive({ title: "A <b>live</b>", rate: 2 });
      id = room.roomId;
      await world.system.store.putWatch("some.host", Date.now());
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("plays while it is written, with chat, likes and charts that grow", async () => {
      const page = await world.open();
      const streamed = page.waitForResponse((response) =>
        response.url().includes(`/recordings/${id}/events?`) &&
        response.headers()["content-type"] === "text/event-stream"
      );
      await page.evaluate((hash) => location.assign(hash), `#/recordings/${id}`);
      await page.getByRole("heading", { name: "@some.host" }).waitFor();
      await playing(page);
      await page.getByText(/^\d+ s behind the room$/).waitFor();
      await page.getByLabel("Chat", { exact: true }).getByRole("listitem").nth(5).waitFor();
      await page.getByText(/[\d,]+ viewers now/).waitFor();
      const likes = page.locator(".counters div").filter({ hasText: "Likes" }).locator("dd");
      await streamed;
      const first = await likes.innerText();
      await page.waitForFunction(
        (before) => [...document.querySelectorAll(".counters dd")].every(({ textContent }) => textContent !== before),
        first,
      );
      await assertAccessible(page);
      await shoot(page, "recording_live");
    });

    it("tells of battles and great gifts while they happen, without a flood for screen readers", async () => {
      const page = await world.open(`#/recordings/${id}`);
      await page.getByLabel("Chat", { exact: true }).getByRole("listitem").nth(5).waitFor();
      await page.evaluate(() => {
        const told = document.querySelector(".announcer");
        if (told === null) throw new Error("there is no announcer");
        const from = Date.now();
        const texts: string[] = [];
        new MutationObserver(() => texts.push(told.textContent ?? "")).observe(told, {
          ...{ childList: true, characterData: true, subtree: true },
        });
        Object.assign(window, { told: () => ({ texts, ms: Date.now() - from }) });
      });
      const user = (id: string) => ({ id, nickname: `Giver ${id}`, displayId: `giver${id}` });
      const gift = { id: "5655", name: "Galaxy", diamondCount: 1_000, type: 2 };
      for (let index = 0; index < 40; index++) {
        live.feed.injectFields("WebcastGiftMessage", {
          ...{ user: user(`7${index}`), giftId: "5655", gift, repeatCount: 1, repeatEnd: 1 },
        });
      }
      const host = (key: string, displayId: string) => ({
        key,
        value: { user: { userId: key, nickName: displayId, displayId } },
      });
      const battle = { battleId: "77", anchorsInfo: [host("1", "some.host"), host("2", "rival.host")] };
      live.feed.injectFields("WebcastLinkMicBattle", { ...battle, action: 4 });
      await page.getByRole("listitem").filter({ hasText: "@some.host against @rival.host" }).waitFor();
      live.feed.injectFields("WebcastLinkMicBattle", { ...battle, action: 5 });
      await page.getByRole("listitem").filter({ hasText: "@rival.host, ended" }).waitFor();
      await page.getByText(/Giver 7\d+: Galaxy \(1,000 diamonds\)/).first().waitFor();
      await until(page, () => /Galaxy|against/.test(document.querySelector(".announcer")?.textContent ?? ""));
      const { texts, ms } = await page.evaluate(() =>
        (Reflect.get(window, "told") as () => { texts: string[]; ms: number })()
      );
      assert(texts.length <= 1 + ms / 10_000, `in ${ms} ms: ${texts.join(" | ")}`);
    });

    it("is ended by its button, and played back with the chat at its time", async () => {
      const page = await world.open(`#/recordings/${id}`);
      await page.getByRole("button", { name: "Stop recording" }).click();
      await page.getByText("stopped", { exact: true }).waitFor();
      await page.reload();
      const slider = page.getByRole("slider", { name: "Place in the recording" });
      await page.locator("video").evaluate((video: HTMLVideoElement) => video.play());
      await playing(page);
      const chat = page.getByLabel("Chat", { exact: true });
      await chat.locator("li").first().waitFor();
      await page.locator("video").evaluate((video: HTMLVideoElement) => video.pause());
      for (const place of [0.7, 0.2, 0.9, 0.5]) {
        const { width = 0 } = await slider.boundingBox() ?? {};
        await slider.click({ position: { x: width * place, y: 10 } });
        await until(page, () => document.querySelector("video")?.seeking === false);
        await page.locator("video").evaluate((video: HTMLVideoElement) => video.pause());
        const at = await page.locator("video").evaluate(({ currentTime, duration }: HTMLVideoElement) =>
          currentTime / duration
        );
        assert(Math.abs(at - place) < 0.2, `${at} in place of ${place}`);
        await chatMatchesVideo(page);
      }
      await slider.focus();
      await page.keyboard.press("End");
      await chat.locator("li.to-come").first().waitFor({ state: "detached" });
      await page.keyboard.press("Home");
      await chat.locator("li.to-come").first().waitFor();
      assert(await playedS(page) < 5);
      await assertAccessible(page);
      await shoot(page, "recording");
    });

    it("moments are chapters: each leads to its place, and the one that is played is marked", async () => {
      const page = await world.open(`#/recordings/${id}`);
      const moments = page.getByRole("region", { name: "Moments" }).getByRole("listitem");
      const battle = moments.filter({ hasText: "@some.host against @rival.host" });
      await battle.getByRole("button").click();
      await until(page, () => document.querySelector("video")?.seeking === false);
      await page.getByRole("region", { name: "Moments" }).locator("li[aria-current]").waitFor();
      const [minutes = 0, seconds = 0] = (await battle.getByRole("button").innerText()).split(":").map(Number);
      assert(Math.abs(await playedS(page) - minutes * 60 - seconds) < 3);
      await chatMatchesVideo(page);
    });

    it("finds words in the chat, and walks through the hits", async () => {
      const page = await world.open(`#/recordings/${id}`);
      await page.getByLabel("Chat", { exact: true }).locator("li").first().waitFor();
      const box = page.getByRole("searchbox", { name: "Search" });
      await box.fill("GALAXY giver");
      await page.getByText("40 found", { exact: true }).waitFor();
      const hits = page.getByLabel("Found in the chat");
      assertEquals(await hits.locator("mark").first().innerText(), "Giver");
      const number = () => page.getByText(/this is number/).innerText();
      await box.press("Enter");
      const first = await number();
      await page.getByRole("button", { name: "Next" }).click();
      await page.waitForFunction((before) => !document.body.innerText.includes(before), first);
      await page.getByRole("button", { name: "Previous" }).click();
      await page.getByText(first, { exact: true }).waitFor();
      await box.press("Shift+Enter");
      await page.waitForFunction((before) => !document.body.innerText.includes(before), first);
      await hits.locator("li[aria-current]").waitFor();
      await box.fill("nobody said this");
      await page.getByText("0 found", { exact: true }).waitFor();
    });

    it("is used by keys alone", async () => {
      const page = await world.open(`#/recordings/${id}`);
      await page.getByLabel("Chat", { exact: true }).locator("li").first().waitFor();
      await until(page, () => (document.querySelector("video")?.readyState ?? 0) > 1);
      await page.locator("main").focus();
      await page.keyboard.press("Space");
      await playing(page);
      await page.keyboard.press("Space");
      await until(page, () => document.querySelector("video")?.paused === true);
      await page.keyboard.press("ArrowRight");
      await until(page, () => (document.querySelector("video")?.currentTime ?? 0) > 5);
      await page.keyboard.press("ArrowLeft");
      await until(page, () => (document.querySelector("video")?.currentTime ?? 9) < 5);
      assertEquals(await page.locator("video").evaluate((video: HTMLVideoElement) => video.paused), true);
      const order: string[] = [];
      await page.locator("main").focus();
      for (let step = 0; step < 60 && !order.includes("Events (CSV)"); step++) {
        await page.keyboard.press("Tab");
        order.push(
          await page.evaluate(() => {
            const focused = document.activeElement;
            if (focused?.tagName === "VIDEO") return "video";
            if (focused?.matches("input[type=search]")) return "search";
            return focused?.getAttribute("aria-label") ?? focused?.textContent ?? "";
          }),
        );
      }
      const places = ["video", "Place in the recording", "search", "Chat", "Events (CSV)"].map((name) =>
        order.indexOf(name)
      );
      assert(!places.includes(-1), order.join(" | "));
      assertEquals(places, places.toSorted((a, b) => a - b), order.join(" | "));
      // A long chat is one stop; its lines are walked through with the arrows.
      await page.getByLabel("Chat", { exact: true }).focus();
      const focused = () => page.evaluate(() => document.activeElement?.outerHTML.slice(0, 300) ?? "");
      for (let step = 0; step < 3; step++) {
        await page.keyboard.press("ArrowDown");
        const line = await focused();
        assert(/^<button[^>]*class="time"/.test(line), `step ${step}: ${line}`);
      }
      await page.keyboard.press("Enter");
      await playing(page);
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

    it("fits on a phone, in light colours", async () => {
      const page = await world.open(`#/recordings/${id}`, { width: 360, height: 740, dark: false });
      await page.getByLabel("Chat", { exact: true }).locator("li").first().waitFor();
      await page.getByRole("region", { name: "Moments" }).getByRole("listitem").first().waitFor();
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), 360);
      await assertAccessible(page);
      await shoot(page, "recording_phone");
    });

    it("goes on in another quality when somebody asks for it", async () => {
      const page = await world.open(`#/recordings/${id}`);
      await page.getByText("stopped", { exact: true }).waitFor();
      await page.locator("select[name=quality]").selectOption("sd");
      await page.getByRole("button", { name: "Record the host now" }).click();
      await page.getByText("quality: sd", { exact: true }).waitFor();
      await page.getByText("live", { exact: true }).waitFor();
      const bar = page.getByRole("toolbar", { name: /Time of the recording/ });
      await bar.getByRole("button", { name: /Part 2 begins/ }).waitFor();
      await bar.getByRole("button", { name: /^No video for/ }).waitFor();
      await playing(page);
    });
  });
}
