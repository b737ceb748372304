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
      await page.getByText(/[\d.]+ [GT]B of [\d.]+ [GT]B free\. Enough/).waitFor();
      await page.getByRole("row", { name: /TikTok asks for a captcha \d/ }).waitFor();
      await page.getByText("None.", { exact: true }).waitFor();
      await assertAccessible(page);
      await shoot(page, "system");
    });

    it("shows who records what, and how many slots are free", async () => {
      const page = await world.open("#/system");
      const recorders = page.getByRole("region", { name: "Recorders at work" });
      await recorders.getByText(/^local-\d+: 1 of 8 slots used, 7 free$/).waitFor();
      await recorders.getByRole("listitem").filter({ hasText: /@some\.host, part 1, for / }).waitFor();
      await recorders.getByRole("link", { name: "@some.host" }).click();
      await page.getByRole("heading", { name: /some\.host/ }).waitFor();
    });

    it("shows which ways to TikTok are open and which were refused, why and since when, as it changes", async () => {
      const page = await world.open("#/system");
      const ways = page.getByRole("region", { name: "Ways to TikTok" });
      await ways.getByRole("row", { name: /^Stream links (fails|left alone).* TikTok asks for a captcha/ }).waitFor();
      await ways.getByRole("row", { name: /^Direct socket/ }).waitFor();
      await ways.getByText(/requests a minute go out|it is asked again/).waitFor();
    });

    it("tells the trouble of the last minutes in words and as a chart", async () => {
      const page = await world.open("#/system");
      const trouble = page.getByRole("region", { name: "Trouble" });
      await trouble.getByText(/In the last 15 minutes: no errors/).waitFor();
      const refused = await fetch(`${world.system.url}/tiktok/user-info?uniqueId=other.host`);
      assertEquals(refused.status, 503);
      await trouble.getByText(/In the last 15 minutes: no errors, (one|\d+) warnings?\./).waitFor();
      await trouble.getByRole("img", { name: /Warnings and errors by minute/ }).waitFor();
      await trouble.getByText(/request failed \(warning\): 1/).waitFor();
      await assertAccessible(page);
    });

    it("says in plain words what the server does not know, as on AWS", async () => {
      const page = await world.open("#/system", { width: 360, height: 740, dark: false });
      await page.route(
        "**/system",
        (route) => route.fulfill({ json: { at: 1, recorders: [], waiting: [], more: false } }),
      );
      await page.route("**/metrics", (route) => route.fulfill({ status: 200, body: "" }));
      await page.getByText("None: they come with the first recording.").waitFor();
      await page.getByText("each recorder keeps what it learns to itself").waitFor();
      await page.getByText("recorders on AWS have disks of their own").waitFor();
      await page.getByText("on AWS, CloudWatch counts errors").waitFor();
      await page.getByText("This server keeps its numbers elsewhere").waitFor();
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), 360);
      await assertAccessible(page);
      await shoot(page, "system_phone");
    });

    it("shows the log of a recording, of which nothing runs", async () => {
      const [{ id } = { id: "" }] = await world.system.store.listOpenRecordings(1);
      const fields = { reason: "<img src=x onerror=alert(1)>" };
      const line = { at: Date.now(), level: "warn", event: "room_gap", fields } as const;
      await world.system.store.appendLog(id, { at: Date.now(), id: "hostile", lines: [line] });
      const page = await world.open(`#/recordings/${id}`);
      await page.getByText("Log of this recording").click();
      const log = page.getByRole("region", { name: "Lines of the log, the newest last" });
      await log.getByRole("row", { name: /recording started .*part 1/ }).waitFor();
      await log.getByRole("row", { name: /room gap \(warning\) reason <img src=x onerror=alert\(1\)>/ }).waitFor();
      await world.system.store.appendLog(id, {
        at: Date.now(),
        id: "later",
        lines: [{ ...line, event: "came_later" }],
      });
      await log.getByRole("row", { name: /came later/ }).waitFor();
      await assertAccessible(page);
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
