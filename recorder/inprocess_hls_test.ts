import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { FlvTag } from "@roomtone/sdk/media";
import { FakeClock } from "@roomtone/sdk/testing";
import { wholeFragments } from "./fmp4.ts";
import { InprocessHls } from "./inprocess_hls.ts";
import type { ClosedSegment } from "./part_writer.ts";
import { workNames } from "./recording_folder.ts";

const FRAME_MS = 40;
const SEGMENT_MS = 1_000;
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
/** H.264 of 320 x 240, baseline. */
const SETUP = [1, 0x42, 0, 0x1e, 0xff, 0xe1, 0, 8, 0x67, 0x42, 0, 0x1e, 0xda, 5, 7, 0xe4, 1, 0, 1, 0x68];

const picture = (timestampMs: number, keyframe: boolean, bytes: number): FlvTag => {
  const payload = new Uint8Array(5 + bytes);
  payload.set([keyframe ? 0x17 : 0x27, 1]);
  return { type: "video", timestampMs, payload };
};

describe("InprocessHls", () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-inprocess-"));
  });
  afterEach(() => rm(dir, { recursive: true }));

  /** Writes pictures, the first of them a keyframe, and more keyframes where they are wanted. */
  async function write(pictures: number, bytes: number, isKeyframe: (index: number) => boolean = () => false) {
    const closed: ClosedSegment[] = [];
    const writer = new InprocessHls({
      cwd: dir,
      clock: new FakeClock(),
      segmentMs: SEGMENT_MS,
      segmentMaxBytes: MAX_SEGMENT_BYTES,
      codecs: { video: "avc" },
      names: workNames(0),
      onSegment: (segment) => {
        closed.push(segment);
        return Promise.resolve();
      },
      onStored: () => {},
    });
    const header = Uint8Array.of(0x17, 0, 0, 0, 0, ...SETUP);
    assert(await writer.write([{ type: "video", timestampMs: 0, payload: header }]));
    for (let index = 0; index < pictures; index++) {
      assert(await writer.write([picture(index * FRAME_MS, index === 0 || isKeyframe(index), bytes)]));
    }
    assertEquals(await writer.end(), { ok: true, detail: "" });
    return await Promise.all(closed.map(async ({ file, done }) => {
      const content = await readFile(join(dir, file));
      assertEquals([content.length, wholeFragments(content)], [done?.bytes, done?.bytes]);
      assertEquals(createHash("sha256").update(content).digest("hex"), done?.sha256);
      return { bytes: content.length, endMs: done?.endMs };
    }));
  }

  it("cuts at the first keyframe behind the length of a segment", async () => {
    const segments = await write(100, 100, (index) => index % 20 === 0);
    assertEquals(segments.map(({ endMs }) => endMs), [1_600, 3_200, 4_000]);
  });

  it("cuts a segment in which no keyframe comes at five times its length", async () => {
    const segments = await write(300, 100);
    assertEquals(segments.map(({ endMs }) => endMs), [5_000, 10_000, 12_000]);
  });

  it("cuts a segment that grows to its limit, keyframe or not, and goes on in the next one without a loss", async () => {
    const bytes = 100_000;
    const pictures = 60;
    const segments = await write(pictures, bytes);
    assertEquals(segments.length, 2);
    const [first, second] = segments.map((segment) => segment.bytes);
    assert(
      first !== undefined && first >= MAX_SEGMENT_BYTES && first < MAX_SEGMENT_BYTES + 26 * bytes,
      `${first} bytes`,
    );
    assert(second !== undefined && first + second > pictures * bytes, `${first} and ${second} bytes`);
    assertEquals(segments.at(-1)?.endMs, pictures * FRAME_MS);
  });
});
