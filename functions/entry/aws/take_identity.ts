import http from "node:http";
import type { ClientOptions } from "../../adapters/live/tiktok_client.ts";
import { readIdentity } from "../../adapters/aws/ssm_identity.ts";
import type { Logger } from "../../ports/logger.ts";
import { identityOf } from "../identity.ts";

/** Settings of {@link takeIdentity}. */
export interface NamedIdentity {
  identityParameter?: string | undefined;
  eulerUrl?: string | undefined;
  mediaHosts?: string[];
}

/** What never goes through the proxy: AWS itself, and where a process on AWS gets its credentials. */
const DIRECT = ".amazonaws.com,.api.aws,169.254.169.254,169.254.170.2,169.254.170.23";

/**
 * Becomes who the parameter says: everything that the process fetches from now on goes through the identity's proxy, when
 * it has one. Once per process, before its first request.
 * @returns the client's options
 */
export async function takeIdentity(
  { identityParameter, eulerUrl, mediaHosts = [] }: NamedIdentity,
  logger: Logger,
): Promise<Pick<ClientOptions, "cookies" | "signer" | "mediaHosts">> {
  const { proxy, ...secrets } = identityParameter === undefined ? {} : await readIdentity(identityParameter);
  const identity = identityOf({ ...secrets, eulerUrl, mediaHosts });
  // Clients of AWS have connections of their own, which this leaves alone.
  if (proxy !== undefined) http.setGlobalProxyFromEnv({ http_proxy: proxy, https_proxy: proxy, no_proxy: DIRECT });
  logger.info("identity_read", {
    loggedIn: identity.cookies !== undefined,
    signs: identity.signer !== undefined,
    proxied: proxy !== undefined,
  });
  return identity;
}
