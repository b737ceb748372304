import { assertEquals } from "@std/assert";
import { after, afterEach, before, describe, it } from "node:test";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { type ConsoleWorld, shoot, startConsoleWorld } from "./console_world.ts";

const { browser, skipped }: ChromiumStart = await startChromium();

/** What viewers and hosts may call themselves and say. Each that ran would set `window.ran` or leave the server. */
const HOSTILE = [
  "<script>window.ran=1</script>",
  "<img src=x onerror=window.ran=1>",
  '"><svg onload=window.ran=1>',
  "'-window.ran=1-'",
  "javascript:window.ran=1",
  "{{constructor.constructor('window.ran=1')()}}",
  "${window.ran=1}",
  "</title><script>window.ran=1</script>",
  "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
  "<a href='https://evil.example/'>free diamonds</a>",
  "<style>@import 'https://evil.example/a.css'</style>",
  "<link rel=stylesheet href=https://evil.example/a.css>",
  "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
  "<form action=https://evil.example/><input name=key></form>",
  "<math><mi//xlink:href='data:x,<script>window.ran=1</script>'>",
  "<template><script>window.ran=1</script></template>",
  "%3Cscript%3Ewindow.ran=1%3C/script%3E",
  "&lt;script&gt;window.ran=1&lt;/script&gt;",
  "\u202Egnp.exe\u202C \u0000 \uFEFF",
  "__proto__",
  "constructor",
  "🏳️‍🌈".repeat(30),
  "Z̸̢̛͎͇a̷̧͔͝l̵͍͠g̶̨̛ỏ̸͍".repeat(20),
  "a".repeat(500),
];

if (skipped !== undefined) describe(`SKIPPED: ${skipped}`, () => {});
else {
  describe("hostile words in the console", () => {
    let world: ConsoleWorld;

    before(async () => {
      world = await startConsoleWorld(browser);
    });
    afterEach(() => assertEquals(world.complaints.splice(0), []));
    after(async () => {
      await world.stop();
      await browser.close();
    });

    it("are shown as they are, and nothing of them runs", async () => {
      const room = world.standin.room("some.host");
      const live = room.startLive({ title: HOSTILE[1] ?? "", rate: 0.01 });
      await world.system.store.putWatch("some.host", Date.now());
      await room.until(({ sockets }) => sockets > 0);
      for (const [index, text] of HOSTILE.entries()) {
        const user = { id: String(1_000 + index), nickname: text, displayId: text };
        live.feed.injectFields("WebcastChatMessage", { user, content: text });
        const gift = { id: "5655", name: text, describe: text, diamondCount: 200, type: 2 };
        live.feed.injectFields("WebcastGiftMessage", { user, giftId: "5655", gift, repeatCount: 1, repeatEnd: 1 });
        const host = (userId: string) => ({
          key: userId,
          value: { user: { userId, nickName: text, displayId: text } },
        });
        const battle = { battleId: user.id, action: 4, anchorsInfo: [host("1"), host("2")] };
        live.feed.injectFields("WebcastLinkMicBattle", battle);
      }
      const page = await world.open(`#/recordings/${room.roomId}`);
      page.on("dialog", () => world.complaints.push("a dialog opened"));
      const chat = page.getByLabel("Chat", { exact: true });
      await chat.getByText(HOSTILE[0] ?? "", { exact: false }).first().waitFor();
      await page.getByRole("heading", { name: "Top gifters" }).waitFor();
      await page.getByText("a".repeat(500)).first().waitFor();
      const moments = page.getByRole("region", { name: "Moments" }).getByRole("listitem").filter({ hasText: "battle" });
      await moments.filter({ hasText: "<script>" }).first().waitFor();
      await moments.filter({ hasText: "</title>" }).first().waitFor();
      room.fault({ kind: "socket_close", reason: HOSTILE[1] ?? "" });
      await page.getByRole("button", { name: /Connected again/ }).first().waitFor();
      await page.waitForFunction(() => document.querySelector(".announcer")?.textContent !== "");
      for (const words of ["<script", "__proto__", "a".repeat(50), "(", "<img src=x onerror=window.ran=1>"]) {
        await page.getByRole("searchbox", { name: "Search" }).fill(words);
        await page.getByText(/\d+ found/).waitFor();
        await page.getByLabel("Found in the chat").locator("mark").first().waitFor();
      }
      await shoot(page, "hostile");
      assertEquals(await page.evaluate(() => [Reflect.get(window, "ran"), document.images.length]), [undefined, 0]);
      await page.goto(`${world.system.url}/#/`);
      await page.getByText("<img src=x").first().waitFor();
      await page.goto(`${world.system.url}/#/recordings`);
      await page.getByText("<img src=x").first().waitFor();
      assertEquals(await page.evaluate(() => [Reflect.get(window, "ran"), location.pathname, document.images.length]), [
        ...[undefined, "/", 0],
      ]);
    });

    it("an address cannot smuggle anything in", async () => {
      const page = await world.open("#/recordings/<img src=x onerror=window.ran=1>");
      await page.getByRole("heading", { name: "Recordings" }).waitFor();
      assertEquals(await page.evaluate(() => Reflect.get(window, "ran")), undefined);
    });

    it("the policy refuses what a mistake would let through", async () => {
      const page = await world.open();
      await page.getByRole("heading", { name: "Watchlist" }).waitFor();
      const ran = await page.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = 1";
        document.body.append(script);
        document.body.insertAdjacentHTML(
          "beforeend",
          "<img src='https://evil.example/a.png' onerror='window.ran = 1'>",
        );
        return Reflect.get(window, "ran");
      });
      await page.waitForFunction(() => [...document.images].find(({ src }) => src.includes("evil"))?.complete);
      assertEquals([ran, await page.evaluate(() => Reflect.get(window, "ran"))], [undefined, undefined]);
      const refused = world.complaints.splice(0).filter((line) => !/Content Security Policy/.test(line));
      assertEquals(refused, []);
    });
  });
}
