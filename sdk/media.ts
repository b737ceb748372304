/**
 * Media without I/O: FLV as TikTok's CDN sends it, read and repaired. The recorder is built on it.
 * @module
 */
export {
  encodeFlvHeader,
  encodeFlvTag,
  type FlvPayload,
  type FlvTag,
  type FlvTagType,
  readFlvPayload,
} from "./src/media/flv_tag.ts";
export { type FlvItem, FlvReader, type FlvReaderOptions } from "./src/media/flv_reader.ts";
export { FlvRepair } from "./src/media/flv_repair.ts";
export type { FlvGap, FlvGapReason, FlvPart, FlvRepaired, FlvRepairStats } from "./src/media/flv_repaired.ts";
