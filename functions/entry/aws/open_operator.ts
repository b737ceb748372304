import { laterLookup } from "../../core/later_lookup.ts";
import { once } from "../../core/once.ts";
import type { LiveLookup, MessageSender } from "../../ports/live_lookup.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Metrics } from "../../ports/metrics.ts";
import { openUpstream, type UpstreamSettings } from "../open_upstream.ts";
import { type NamedIdentity, takeIdentity } from "./take_identity.ts";

/** The way to TikTok as a named identity, which is read by the first call. Once per process. */
export function openOperator(
  settings: UpstreamSettings & NamedIdentity,
  logger: Logger,
  metrics: Metrics,
): { lookup: LiveLookup; sender: MessageSender } {
  const open = once(async () => {
    const identity = await takeIdentity(settings, logger);
    const { upstream, sender } = openUpstream(settings, { ...identity, metrics });
    return { lookup: upstream.prompt, sender };
  });
  return {
    lookup: laterLookup(async () => (await open()).lookup),
    sender: { send: async (...args) => await (await open()).sender.send(...args) },
  };
}
