import { readIdentity } from "../../adapters/aws/ssm_identity.ts";
import { laterLookup } from "../../core/later_lookup.ts";
import { once } from "../../core/once.ts";
import type { LiveLookup, MessageSender } from "../../ports/live_lookup.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { identityOf } from "../identity.ts";
import { openUpstream, type UpstreamSettings } from "../open_upstream.ts";

/** Settings of {@link openOperator}. */
export interface OperatorSettings extends UpstreamSettings {
  identityParameter?: string | undefined;
  eulerUrl?: string | undefined;
  mediaHosts?: string[];
}

/** The way to TikTok with the operator's session and signer, which are read by the first call. Once per process. */
export function openOperator(
  settings: OperatorSettings,
  logger: Logger,
  metrics: Metrics,
): { lookup: LiveLookup; sender: MessageSender } {
  const { identityParameter, eulerUrl, mediaHosts = [] } = settings;
  const open = once(async () => {
    const secrets = identityParameter === undefined ? {} : await readIdentity(identityParameter);
    const identity = identityOf({ ...secrets, eulerUrl, mediaHosts });
    logger.info("identity_read", {
      loggedIn: identity.cookies !== undefined,
      signs: identity.signer !== undefined,
    });
    const { upstream, sender } = openUpstream(settings, { ...identity, metrics });
    return { lookup: upstream.prompt, sender };
  });
  return {
    lookup: laterLookup(async () => (await open()).lookup),
    sender: { send: async (...args) => await (await open()).sender.send(...args) },
  };
}
