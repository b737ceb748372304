import { assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RecorderError } from "./errors.ts";
import { findFfmpeg } from "./find_ffmpeg.ts";

describe("findFfmpeg()", () => {
  let dir: string;
  let program: string;
  let plain: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-ffmpeg-"));
    program = join(dir, "ffmpeg");
    plain = join(dir, "plain");
    await writeFile(program, "", { mode: 0o755 });
    await writeFile(plain, "", { mode: 0o644 });
  });
  after(() => rm(dir, { recursive: true }));

  it("takes the option, then the variable, then PATH", async () => {
    const PATH = ["/no/such/folder", "", dir].join(delimiter);
    assertEquals(await findFfmpeg(program, { ROOMTONE_FFMPEG: "/no/ffmpeg", PATH: "" }), program);
    assertEquals(await findFfmpeg(undefined, { ROOMTONE_FFMPEG: program, PATH: "" }), program);
    assertEquals(await findFfmpeg(undefined, { PATH }), program);
  });

  it("says what to do when there is none", async () => {
    const tries: [string | undefined, Record<string, string>][] = [
      [undefined, {}],
      [undefined, { PATH: "/no/such/folder" }],
      [plain, { PATH: dir }],
      [undefined, { ROOMTONE_FFMPEG: "/no/ffmpeg", PATH: dir }],
    ];
    for (const [explicit, env] of tries) {
      const error = await assertRejects(() => findFfmpeg(explicit, env));
      assertEquals(error instanceof RecorderError ? [error.code, /install/i.test(error.remedy)] : error, [
        "ffmpeg_missing",
        true,
      ]);
    }
  });
});
