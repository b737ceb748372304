/** Each recipe of the docs does what its page says, as it stands there: on Bun, Deno and Node 24, against the stand-in. */
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { bun, deno, node24, ROOT } from "../../scripts/tools.mjs";
import { runProgram } from "../checks/run_program.ts";
import { SESSION_ID } from "../standin/call_routes.ts";
import { MediaLibrary } from "../standin/flv_source.ts";
import { type Standin, startStandin } from "../standin/mod.ts";
import { liveUntilHeard } from "./live_until_heard.ts";

const RECIPES = join(ROOT, "docs", "recipes");
const ffmpegPath = process.env["ROOMTONE_FFMPEG"];
/** Doors that recipes import, and the files behind them. */
const DOORS: Record<string, string> = {
  "@roomtone/sdk/replay": "sdk/replay.ts",
  "@roomtone/recorder": "recorder/mod.ts",
};

/** What a recipe said. */
interface Said {
  /** Lines of its standard output. */
  out: string[];
  /** All lines, those for people too. */
  all: string[];
}

describe("the recipes", () => {
  let standin: Standin;
  let scratch = "";

  before(async () => {
    const media = new MediaLibrary(ffmpegPath === undefined ? {} : { ffmpegPath });
    standin = await startStandin({ seed: "recipes", media });
    scratch = mkdtempSync(join(tmpdir(), "roomtone-recipes-"));
    // "@roomtone/sdk" for the recipes: with the stand-in's addresses for its defaults.
    const sdk = JSON.stringify(join(ROOT, "sdk", "mod.ts"));
    writeFileSync(
      join(scratch, "dialled.ts"),
      `import { TikTok as Plain, type TikTokOptions } from ${sdk};\nexport * from ${sdk};\n` +
        `const baseUrls = ${JSON.stringify(standin.baseUrls)};\n` +
        `export class TikTok extends Plain {\n` +
        `  constructor(options: TikTokOptions = {}) {\n    super({ baseUrls, ...options });\n  }\n}\n`,
    );
    for (const name of readdirSync(RECIPES)) {
      const recipe = readFileSync(join(RECIPES, name), "utf8");
      const dialled = Object.entries(DOORS).reduce(
        (code, [door, file]) => code.replace(`"${door}"`, JSON.stringify(join(ROOT, file))),
        recipe.replace('"@roomtone/sdk"', '"./dialled.ts"'),
      );
      assert(!dialled.includes('"@roomtone'), `${name} imports what this test does not know`);
      writeFileSync(join(scratch, name), dialled);
    }
    writeFileSync(join(scratch, "package.json"), `{"type":"module"}`);
  });
  after(async () => {
    await standin.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it("are eight, each shown on its page, each short", () => {
    const names = readdirSync(RECIPES);
    const page = readFileSync(join(ROOT, "docs", "recipes.md"), "utf8");
    const shown = [...page.matchAll(/^\[(\w+\.ts)\]\(recipes\/\1\)$/gm)].map(([, name = ""]) => name);
    assertEquals(shown.sort(), names.sort());
    assertEquals(names.length, 8);
    const long = names.filter((name) => readFileSync(join(RECIPES, name), "utf8").split("\n").length > 31);
    assertEquals(long, []);
  });

  const runtimes: [string, () => string, string[]][] = [
    ["bun", bun, []],
    ["deno", deno, ["run", "--quiet", "--no-prompt", "-A", "--config", join(ROOT, "deno.json")]],
    ["node", node24, []],
  ];
  for (const [runtime, program, flags] of runtimes) {
    const run = async (recipe: string, args: string[], env: Record<string, string> = {}, wanted = 0): Promise<Said> => {
      const { code, stdout, output } = await runProgram(program(), [...flags, recipe, ...args], {
        cwd: scratch,
        env: { NODE_NO_WARNINGS: "1", ...(ffmpegPath === undefined ? {} : { ROOMTONE_FFMPEG: ffmpegPath }), ...env },
      });
      assertEquals(code, wanted, output);
      return { out: stdout.trim().split("\n"), all: output.trim().split("\n") };
    };

    it(`show what happens in a live on ${runtime}`, async () => {
      liveUntilHeard(standin.room(`chat.${runtime}`), runtime);
      const { out } = await run("chat.ts", [`chat.${runtime}`]);
      assert(out.filter((line) => /^.+: ./.test(line)).length >= 10, out.join("\n"));
      assertEquals(out.at(-1), "The live is over");
      standin.room(`idle.${runtime}`);
      const { out: none, all } = await run("chat.ts", [`idle.${runtime}`], {}, 1);
      assertEquals(none, [""]);
      assert(all.some((line) => /not live/.test(line)), all.join("\n"));
    });

    it(`count gifts exactly on ${runtime}`, async () => {
      const room = standin.room(`gifts.${runtime}`);
      room.startLive({ seed: runtime, speed: 20 });
      void room.until(({ sentByMethod }) => (sentByMethod["WebcastGiftMessage"] ?? 0) >= 12).then(() => {
        // A socket that breaks brings messages twice.
        room.fault({ kind: "socket_drop" });
        const sent = room.stats().acked;
        return room.until(({ acked }) => acked > sent + 5);
      }).then(() => room.endLive());
      const { out, all } = await run("gift_tally.ts", [`gifts.${runtime}`]);
      const [head, ...rows] = out.map((line) => line.split(","));
      assertEquals(head, ["username", "gifts", "diamonds"]);
      assert(rows.length > 0 && rows.every((row) => row.length === 3), out.join("\n"));
      const diamonds = rows.map((row) => Number(row[2]));
      assertEquals(diamonds, [...diamonds].sort((a, b) => b - a));
      // Ended streaks as they were told, summed by giver: never more than the row says.
      const told = new Map<string, number>();
      for (const line of all) {
        const [, giver = "", count] = /^(\S+): (\d+) x /.exec(line) ?? [];
        if (count !== undefined) told.set(giver, (told.get(giver) ?? 0) + Number(count));
      }
      assert(told.size > 0, all.join("\n"));
      const counted = new Map(rows.map(([giver = "", gifts]) => [giver, Number(gifts)]));
      for (const [giver, gifts] of told) assert((counted.get(giver) ?? 0) >= gifts, `${giver}: ${all.join("\n")}`);
    });

    it(`record to the end on ${runtime}`, async () => {
      const name = `record.${runtime}`;
      const room = standin.room(name);
      room.startLive({ seed: runtime, title: "Tea" });
      void room.until(({ acked }) => acked >= 40).then(() => room.endLive());
      const { out } = await run("record_until_end.ts", [name, join(scratch, runtime)]);
      assertEquals(out[0], 'Recording "Tea"');
      const folder = out.at(-1) ?? "";
      assert(/^ended: [1-9]\d* segments, [1-9]\d* events, \d+ ms missing$/.test(out.at(-2) ?? ""), out.join("\n"));
      const files = readdirSync(folder);
      for (const file of ["index.m3u8", "events.jsonl", "manifest.json", "recording.mp4"]) {
        assert(files.includes(file), `${file}: ${files}`);
      }
    });

    it(`chart viewers on ${runtime}`, async () => {
      const names = [`first.${runtime}`, `second.${runtime}`];
      for (const name of names) {
        const room = standin.room(name);
        room.startLive({ seed: name, speed: 20 });
        void room.until(({ sentByMethod, acked }) => acked > 0 && (sentByMethod["WebcastRoomUserSeqMessage"] ?? 0) >= 3)
          .then(() => room.endLive());
      }
      const { out, all } = await run("viewers_csv.ts", [...names, `nobody.${runtime}`]);
      assertEquals(out[0], "time,host,viewers,total");
      const rows = out.slice(1);
      assert(rows.every((row) => /^\d{4}-\d\d-\d\dT[\d:.]+Z,[\w.]+,\d+,\d+$/.test(row)), out.join("\n"));
      assertEquals([...new Set(rows.map((row) => row.split(",")[1]))].sort(), names);
      assert(all.some((line) => line.startsWith(`nobody.${runtime}: not_found. `)), all.join("\n"));
    });

    it(`name links for players on ${runtime}`, async () => {
      const room = standin.room(`links.${runtime}`);
      room.startLive();
      const { out } = await run("player_links.ts", [`links.${runtime}`, `nobody.${runtime}`]);
      room.endLive();
      const url = /^mpv '(http[^']+)'$/m.exec(out.join("\n"))?.[1] ?? "";
      assert(out.some((line) => / flv hd h264 \d+x\d+ \d+ kbit\/s$/.test(line)), out.join("\n"));
      assert(out.includes(`ffmpeg -i '${url}' -c copy links.${runtime}.mkv`), out.join("\n"));
      assertEquals(out.at(-1), `# nobody.${runtime}: not_found`);
    });

    it(`tell a webhook on ${runtime}`, async () => {
      const told: Record<string, unknown>[] = [];
      const hook = createServer(async (request, response) => {
        told.push(JSON.parse(await text(request)));
        response.end();
      });
      await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
      const address = hook.address();
      const port = typeof address === "object" ? address?.port : undefined;
      try {
        const name = `hook.${runtime}`;
        liveUntilHeard(standin.room(name), runtime);
        const { roomId } = standin.room(name);
        const { out } = await run("live_webhook.ts", [`http://127.0.0.1:${port}/live`, name]);
        assertEquals(told.map((one) => [one["name"], one["state"], one["roomId"]]), [
          [name, "live", roomId],
          [name, "over", roomId],
        ]);
        assertEquals([told[1]?.["end"], out.at(-1)], ["ended", `${name} over: the webhook answered 200`]);
      } finally {
        hook.close();
      }
    });

    it(`export followings on ${runtime}`, async () => {
      const { host } = standin.room(`quiet.${runtime}`);
      const { out, all } = await run("followings_csv.ts", [`quiet.${runtime}`], { TIKTOK_SESSION: SESSION_ID });
      const hidden = Math.floor(host.following / 20);
      assertEquals(out[0], "username,nickname,followers,verified");
      assertEquals(out.length - 1, host.following - hidden);
      assert(out.slice(1).every((row) => /^[\w.]+,".*",\d*,(true|false)$/.test(row)), out.join("\n"));
      assert(all.includes(`${host.following} in all, ${hidden} of them hidden`), all.at(-1));
    });

    it(`keep a live and replay it on ${runtime}`, async () => {
      const name = `kept.${runtime}`;
      liveUntilHeard(standin.room(name), runtime);
      await run("capture_replay.ts", ["keep", name, `${name}.frames`]);
      const { out, all } = await run("capture_replay.ts", ["replay", `${name}.frames`]);
      const counts: Record<string, number> = JSON.parse(out[0] ?? "");
      assert((counts["chat"] ?? 0) >= 50 && counts["connected"] === 1 && counts["ended"] === 1, out[0]);
      assert(all.some((line) => /^[1-9]\d* frames; the live: ended$/.test(line)), all.join("\n"));
    });
  }
});
