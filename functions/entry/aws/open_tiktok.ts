import { TikTok } from "@roomtone/sdk";
import type { LookupConfig } from "../../contract/config.ts";

/** The client of TikTok. Once per process. */
export function openTikTok(config: LookupConfig): TikTok {
  const { tiktokWebUrl, tiktokWebcastUrl, tiktokSocketUrl, tiktokTtwidUrl } = config;
  const baseUrls = { web: tiktokWebUrl, webcast: tiktokWebcastUrl, socket: tiktokSocketUrl, ttwid: tiktokTtwidUrl };
  return new TikTok({ baseUrls });
}
