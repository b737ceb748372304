/**
 * What every place of recordings' files must do, whichever engine is behind it.
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { after, before, describe, it } from "node:test";
import type { RecordingFiles } from "../../functions/ports/recording_files.ts";

/** A place for all tests of the suite. */
export interface RecordingFilesFixture {
  files: RecordingFiles;
  /** Puts a file there. */
  put(folder: string, name: string, text: string): Promise<void>;
  /** Removes the data. */
  close(): Promise<void>;
}

/**
 * Declares the tests of a place of recordings' files.
 * @param name of the adapter
 * @param make makes an empty one
 */
export function recordingFilesSuite(name: string, make: () => Promise<RecordingFilesFixture>): void {
  describe(`${name}: files`, () => {
    let fixture: RecordingFilesFixture;

    before(async () => {
      fixture = await make();
    });
    after(() => fixture.close());

    it("reads a file, and a part of it", async () => {
      await fixture.put("host/read", "a.json", "0123456789");
      const file = await fixture.files.find("host/read", "a.json");
      assertEquals(file?.size, 10);
      assertEquals(file && await new Response(file.read(3, 4)).text(), "3456");
      assertEquals(await fixture.files.find("host/read", "b.json"), undefined);
    });

    it("tells the last name with a start, of this folder alone", async () => {
      const pictures = Array.from({ length: 12 }, (_, i) => `thumbnail_${String(i).padStart(6, "0")}.jpg`);
      for (const picture of pictures) await fixture.put("host/many", picture, "x");
      for (const other of ["segment_999999.m4s", "thumb", "zebra.jpg"]) await fixture.put("host/many", other, "x");
      await fixture.put("host/many2", "thumbnail_999999.jpg", "x");
      assertEquals(await fixture.files.lastName("host/many", "thumbnail_"), "thumbnail_000011.jpg");
      assertEquals(await fixture.files.lastName("host/many", "picture_"), undefined);
      assertEquals(await fixture.files.lastName("host/none", "thumbnail_"), undefined);
      for (const [folder, start] of [["..", "a"], ["host/many", "../thumbnail_"]] as const) {
        await assertRejects(() => fixture.files.lastName(folder, start));
      }
    });

    it("removes a file, and a folder", async () => {
      for (const each of ["a.json", "b.json"]) await fixture.put("host/gone", each, "x");
      await fixture.files.remove("host/gone", "a.json");
      assertEquals(await fixture.files.lastName("host/gone", "a"), undefined);
      await fixture.files.remove("host/gone");
      assertEquals(await fixture.files.find("host/gone", "b.json"), undefined);
    });
  });
}
