/** What tests of a recording's page look for. */
import { assert } from "@std/assert";
import type { Page } from "playwright-core";
import type { ConsoleWorld } from "./console_world.ts";

/** Waits until something holds in the page. */
export async function until(page: Page, condition: () => boolean): Promise<void> {
  await page.waitForFunction(condition, undefined, { polling: 100, timeout: 90_000 });
}

/** Waits until the video plays. */
export async function playing(page: Page): Promise<void> {
  await until(page, () => {
    const video = document.querySelector("video");
    return video !== null && video.currentTime > 1 && !video.paused && video.error === null;
  });
}

/** Place in the video, s. */
export function playedS(page: Page): Promise<number> {
  return page.locator("video").evaluate((video: HTMLVideoElement) => video.currentTime);
}

/**
 * Waits until the chat stands where the video does: what was said is from before the place that is played, what is to
 * come is from behind it. Both are in sight, but at an end of the recording.
 */
export async function chatMatchesVideo(page: Page): Promise<void> {
  await until(page, () => {
    const video = document.querySelector("video");
    const lines = [...document.querySelectorAll(".chat-box li")];
    const place = Math.floor(video?.currentTime ?? NaN);
    const time = (line: Element) => {
      const [seconds = 0, minutes = 0] = (line.querySelector(".time")?.textContent ?? "").split(":").reverse().map(
        Number,
      );
      return minutes * 60 + seconds;
    };
    // The clock of a line has whole seconds.
    return lines.length > 0 &&
      lines.every((line) => line.classList.contains("to-come") ? time(line) >= place : time(line) <= place);
  });
}

/** Records a live of some seconds to its end. @returns the recording's id */
export async function recorded(world: ConsoleWorld, host: string, durationMs: number): Promise<string> {
  const room = world.standin.room(host);
  room.startLive({ title: "A live", rate: 2, durationMs });
  await world.system.store.putWatch(host, Date.now());
  for (;;) {
    const found = await world.system.store.getRecording(room.roomId);
    if (found?.state === "finished") {
      assert(found.segments > 2, `only ${found.segments} segments were recorded`);
      return room.roomId;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
