import type { BodySchema, InputSchema, Route } from "../contract/routes.ts";
import {
  feedRoute,
  followersRoute,
  followingsRoute,
  giftsRoute,
  linksRoute,
  liveRoute,
  pricesRoute,
  roomRoute,
  sendMessageRoute,
  userInfoRoute,
} from "../contract/routes.ts";
import type { LookupDeps } from "../core/deadline.ts";
import { followers, followings } from "../core/followings.ts";
import { liveChecks, liveLinks } from "../core/live_links.ts";
import { feedReply, giftsReply, pricesReply, roomOf, sendMessage } from "../core/lives.ts";
import { userInfo } from "../core/user_info.ts";
import type { MessageSender } from "../ports/live_lookup.ts";
import type { Answer, Input } from "./mount.ts";

/** Routes whose answers come from TikTok. */
export interface LookupRoutes {
  /** `GET /api/links` */
  links?: LookupDeps;
  /** `GET /tiktok/user-info` */
  userInfo?: LookupDeps;
  /** `GET /tiktok/user-followings` and `GET /tiktok/user-followers` */
  followings?: LookupDeps;
  /** Live check, rooms, gifts, prices, feed. Without a `sender`, sending messages is refused. */
  lives?: LookupDeps & { sender?: MessageSender | undefined };
}

/** Adds a route to an app. */
export type AddRoute = <P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
  route: Route<P, Q, B>,
  handle: (input: Input<P, Q, B>) => Answer | Promise<Answer>,
) => void;

/** Adds the routes that are given. */
export function addLookupRoutes(add: AddRoute, { links, userInfo: profile, followings: lists, lives }: LookupRoutes) {
  if (links !== undefined) add(linksRoute, async ({ query }) => ({ body: await liveLinks(links, query) }));
  if (profile !== undefined) {
    add(userInfoRoute, async ({ query }) => ({ body: await userInfo(profile, query.uniqueId) }));
  }
  if (lists !== undefined) {
    add(followingsRoute, async ({ query }) => ({ body: await followings(lists, query) }));
    add(followersRoute, async ({ query }) => ({ body: await followers(lists, query) }));
  }
  if (lives !== undefined) {
    add(liveRoute, async ({ query }) => ({ body: await liveChecks(lives, query) }));
    add(roomRoute, async ({ params }) => ({ body: await roomOf(lives, params.username) }));
    add(giftsRoute, async () => ({ body: await giftsReply(lives) }));
    add(pricesRoute, async () => ({ body: await pricesReply(lives) }));
    add(feedRoute, async ({ query }) => ({ body: await feedReply(lives, query.cursor) }));
    add(sendMessageRoute, async ({ params, body }) => ({
      body: await sendMessage({ clock: lives.clock, sender: lives.sender }, params.username, body.text),
    }));
  }
}
