import type { LiveLookup } from "../ports/live_lookup.ts";

/**
 * A look-up that is opened by its first call.
 * @param open gives the same one each time
 */
export function laterLookup(open: () => Promise<LiveLookup>): LiveLookup {
  return {
    links: async (...args) => await (await open()).links(...args),
    alive: async (...args) => await (await open()).alive(...args),
    userInfo: async (...args) => await (await open()).userInfo(...args),
    userList: async (...args) => await (await open()).userList(...args),
    room: async (...args) => await (await open()).room(...args),
    gifts: async (...args) => await (await open()).gifts(...args),
    prices: async (...args) => await (await open()).prices(...args),
    feed: async (...args) => await (await open()).feed(...args),
  };
}
