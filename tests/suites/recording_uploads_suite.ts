/**
 * What every keeper of recordings must do, whichever engine is behind it.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { DamagedFileError } from "../../functions/contract/errors.ts";
import type { RecordingUploads, UploadedFile } from "../../functions/ports/recording_uploads.ts";
import { hashOf } from "../fakes/fake_uploads.ts";

/** A keeper for all tests of the suite. */
export interface RecordingUploadsFixture {
  uploads: RecordingUploads;
  /** Content of a file as it is kept. */
  read(folder: string, name: string): Promise<string | undefined>;
  /** Removes the data. */
  close(): Promise<void>;
}

/** More than the requests of any store take at once. */
const BIG = Array.from({ length: 2_500_000 }, (_, index) => String(index).padStart(7, "0")).join("\n");

const file = (name: string, text: string, sha256?: string): UploadedFile => {
  const content = new Blob([text]);
  const read = (start: number, length: number) => content.slice(start, start + length).stream();
  return { folder: "host/one", name, size: content.size, read, sha256 };
};

/**
 * Declares the tests of a keeper of recordings.
 * @param name of the adapter
 * @param make makes an empty one
 */
export function recordingUploadsSuite(name: string, make: () => Promise<RecordingUploadsFixture>): void {
  describe(`${name}: uploads`, () => {
    let fixture: RecordingUploadsFixture;
    const { signal } = new AbortController();
    const put = (...args: Parameters<typeof file>) => fixture.uploads.put(file(...args), signal);
    const read = (name: string) => fixture.read("host/one", name);

    before(async () => {
      fixture = await make();
    });
    after(() => fixture.close());

    it("keeps files of any size, with or without a hash that was told", async () => {
      for (const [name, text] of [["empty.jsonl", ""], ["segment_0.m4s", "video"], ["recording.mp4", BIG]] as const) {
        await put(name, text, hashOf(text));
        assert(await read(name) === text, name);
        await put(`other_${name}`, text);
        assert(await read(`other_${name}`) === text, name);
      }
    });

    it("a file takes the place of one of its name", async () => {
      await put("index.m3u8", "a");
      await put("index.m3u8", "ab");
      assertEquals(await read("index.m3u8"), "ab");
    });

    it("keeps nothing of a file that is damaged", async () => {
      for (const [name, text] of [["damaged.m4s", "video"], ["damaged.mp4", BIG]] as const) {
        const error = await assertRejects(() => put(name, text, hashOf(`${text}!`)));
        assert(error instanceof DamagedFileError, String(error));
        assertEquals(await read(name), undefined);
      }
    });

    it("keeps nothing of a file that became shorter on the way", async () => {
      for (const [name, text] of [["short.m4s", "video"], ["short.mp4", BIG]] as const) {
        const { size, ...rest } = file(name, text);
        await assertRejects(() => fixture.uploads.put({ ...rest, size: size + 1 }, signal));
        assertEquals(await read(name), undefined);
      }
    });

    it("stops when it is told to", async () => {
      const stopped = AbortSignal.abort();
      for (const [name, text] of [["stopped.m4s", "video"], ["stopped.mp4", BIG]] as const) {
        await assertRejects(() => fixture.uploads.put(file(name, text), stopped));
        assertEquals(await read(name), undefined);
      }
    });
  });
}
