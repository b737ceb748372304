import { eulerSigner } from "@roomtone/sdk/euler";
import type { ClientOptions } from "../adapters/live/tiktok_client.ts";

/** Who the client of TikTok is, as settings have it. */
export interface IdentitySettings {
  tiktokCookies?: string | undefined;
  eulerKey?: string | undefined;
  eulerUrl?: string | undefined;
  mediaHosts: string[];
}

/** The client's options of these settings. With neither key nor URL of Euler Stream nobody signs. */
export function identityOf(settings: IdentitySettings): Pick<ClientOptions, "cookies" | "signer" | "mediaHosts"> {
  const { tiktokCookies: cookies, eulerKey: apiKey, eulerUrl: host, mediaHosts } = settings;
  const signer = apiKey === undefined && host === undefined ? undefined : eulerSigner({ apiKey, host });
  return { cookies, signer, mediaHosts };
}
