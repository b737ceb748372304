/** Clips, made in the console of the local system and judged by ffprobe. */
import { apiClient } from "@roomtone/functions/client";
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { until } from "../fakes/manual_clock.ts";
import { assertAccessible, type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";

const { browser, skipped }: ChromiumStart = await startChromium();

/** Length and kinds of streams of a file. */
function probed(path: string): { durationS: number; kinds: string[] } {
  const args = ["-v", "error", "-show_entries", "format=duration:stream=codec_type", "-of", "json", path];
  const { format, streams } = JSON.parse(spawnSync("ffprobe", args, { encoding: "utf8" }).stdout);
  return {
    durationS: Number(format.duration),
    kinds: streams.map(({ codec_type }: { codec_type: string }) => codec_type).sort(),
  };
}

if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("clips in the console", () => {
    let world: ConsoleWorld;
    let id: string;

    before(async () => {
      world = await startConsoleWorld(browser);
      const room = world.standin.room("some.host");
      room.startLive({ rate: 0.5 });
      id = room.roomId;
      const { store, url } = world.system;
      await store.putWatch("some.host", Date.now());
      const api = apiClient({ url });
      await until(async () => await store.getRecording(id) !== undefined, "it is recorded");
      // Events come all the time: the next one is when to look again.
      for (let after = "0", finished = false; !finished;) {
        const { body } = await api.recordingEvents({ params: { id }, query: { after, waitMs: "20000" } });
        if (body === undefined) break;
        ({ after, finished } = body);
        if (((await store.getRecording(id))?.durationMs ?? 0) > 9_000) await store.stopRecording(id, Date.now());
      }
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    const form = (page: Page) => page.getByRole("form", { name: "Clip" });
    const made = async (page: Page) => {
      const saved = page.waitForEvent("download");
      await form(page).getByRole("button", { name: "Make a clip" }).click();
      const file = await saved;
      return { name: file.suggestedFilename(), ...probed(await file.path()) };
    };
    const near = (actual: number, expected: number, by: number) =>
      assert(Math.abs(actual - expected) <= by, `${actual}, not ${expected}`);

    it("are taken from where the player is to where it goes on to", async () => {
      const page = await world.open(`#/recordings/${id}`);
      const video = page.locator("video");
      const goTo = async (seconds: number) => {
        await video.evaluate((element: HTMLVideoElement, place) => {
          element.pause();
          element.currentTime = place;
        }, seconds);
        await page.waitForFunction(
          (place) => Math.abs((document.querySelector("video")?.currentTime ?? 0) - place) < 0.1,
          seconds,
        );
      };
      await page.waitForFunction(() => (document.querySelector("video")?.readyState ?? 0) >= 2);
      await goTo(2.5);
      await form(page).getByRole("button", { name: "From here" }).click();
      await goTo(6);
      await form(page).getByRole("button", { name: "To here" }).click();
      assertEquals(await form(page).getByLabel("From", { exact: true }).inputValue(), "0:02.5");
      assertEquals(await form(page).getByLabel("To", { exact: true }).inputValue(), "0:06");
      await form(page).getByRole("checkbox").check();
      const clip = await made(page);
      assertEquals([clip.name, clip.kinds], [`some.host_${id}_0-02.5-0-06.mp4`, ["audio", "video"]]);
      near(clip.durationS, 3.5, 0.3);
      await form(page).getByText("The clip is made", { exact: true }).waitFor();
      await shoot(page, "recording_clip");
    });

    it("are taken between typed times, from the keyframe before", async () => {
      const page = await world.open(`#/recordings/${id}`, { width: 360, height: 740, dark: false });
      await form(page).getByLabel("From", { exact: true }).fill("0:03");
      await form(page).getByLabel("To", { exact: true }).fill("7");
      const clip = await made(page);
      assertEquals(clip.kinds, ["audio", "video"]);
      // Up to the length of a stand-in's group of pictures more.
      assert(clip.durationS > 3.7 && clip.durationS < 7.3, String(clip.durationS));
      await form(page).getByText(/^The clip is made/).waitFor();
      await assertAccessible(page);
    });

    it("say in plain words what is wrong", async () => {
      const page = await world.open(`#/recordings/${id}`);
      const wrong = form(page).getByRole("alert");
      for (
        const [from, to, words] of [
          ["", "5", "takes a time such as 1:30"],
          ["5", "4", "The end must be behind the start"],
          ["0", "11:00", "Up to ten minutes"],
        ] as const
      ) {
        await form(page).getByLabel("From", { exact: true }).fill(from);
        await form(page).getByLabel("To", { exact: true }).fill(to);
        await form(page).getByRole("button", { name: "Make a clip" }).click();
        await wrong.getByText(words).waitFor();
      }
      await form(page).getByLabel("From", { exact: true }).fill("5:00");
      await form(page).getByLabel("To", { exact: true }).fill("6:00");
      await form(page).getByRole("button", { name: "Make a clip" }).click();
      await wrong.getByText(/the recording ends at/).waitFor();
      // The browser tells of every answer that is none of success.
      assertEquals(world.complaints.splice(0).map((each) => each.includes("400")), [true]);
    });
  });
}
