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
import type { AnswerCache } from "../core/answer_cache.ts";
import type { LookupDeps } from "../core/deadline.ts";
import { followers, followings } from "../core/followings.ts";
import { liveChecks, liveLinks } from "../core/live_links.ts";
import { feedReply, giftsReply, pricesReply, roomOf, sendMessage } from "../core/lives.ts";
import { userInfo } from "../core/user_info.ts";
import type { MessageSender } from "../ports/live_lookup.ts";
import { cachedReply } from "./cached_reply.ts";
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
  /** Keeps their answers for a while. @default none is kept */
  cache?: AnswerCache;
}

/** Adds a route to an app. */
export type AddRoute = <P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
  route: Route<P, Q, B>,
  handle: (input: Input<P, Q, B>) => Answer | Promise<Answer>,
) => void;

/** Adds the routes that are given. */
export function addLookupRoutes(add: AddRoute, options: LookupRoutes) {
  const { links, userInfo: profile, followings: lists, lives, cache } = options;
  if (links !== undefined) {
    add(linksRoute, ({ query, request }) => cachedReply(links, cache, request, (deps) => liveLinks(deps, query)));
  }
  if (profile !== undefined) {
    add(
      userInfoRoute,
      ({ query, request }) => cachedReply(profile, cache, request, (deps) => userInfo(deps, query.uniqueId)),
    );
  }
  if (lists !== undefined) {
    add(followingsRoute, ({ query, request }) => cachedReply(lists, cache, request, (deps) => followings(deps, query)));
    add(followersRoute, ({ query, request }) => cachedReply(lists, cache, request, (deps) => followers(deps, query)));
  }
  if (lives !== undefined) {
    add(liveRoute, ({ query, request }) => cachedReply(lives, cache, request, (deps) => liveChecks(deps, query)));
    add(
      roomRoute,
      ({ params, request }) => cachedReply(lives, cache, request, (deps) => roomOf(deps, params.username)),
    );
    add(giftsRoute, ({ request }) => cachedReply(lives, cache, request, giftsReply));
    add(pricesRoute, ({ request }) => cachedReply(lives, cache, request, pricesReply));
    add(feedRoute, ({ query, request }) => cachedReply(lives, cache, request, (deps) => feedReply(deps, query.cursor)));
    add(sendMessageRoute, async ({ params, body }) => ({
      body: await sendMessage({ clock: lives.clock, sender: lives.sender }, params.username, body.text),
    }));
  }
}
