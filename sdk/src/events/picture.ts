/**
 * Pictures: of the several addresses of one picture an event keeps the first.
 * @module
 */
import type { WireReader } from "../wire/reader.ts";

/** First address of an ImageModel, or `undefined`. The reader stands behind the tag. */
export function readPicture(reader: WireReader): string | undefined {
  let url = "";
  reader.embedded((tag) => {
    if (tag === (1 << 3 | 2) && url === "") url = reader.string();
    else reader.skip(tag);
  });
  return url === "" ? undefined : url;
}
