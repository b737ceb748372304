/**
 * Media without I/O: FLV as TikTok's CDN sends it, read and repaired; and the chat as subtitles. The
 * recorder is built on it.
 * @module
 */
export { chatCues, type MediaClock, mediaClock, VTT_HEAD } from "./src/media/chat_vtt.ts";
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
