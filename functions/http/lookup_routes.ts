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
import { CachedReplies } from "./cached_reply.ts";
import type { AddRoute, Input } from "./mount.ts";

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

/** Adds the routes that are given. */
export function addLookupRoutes(add: AddRoute, options: LookupRoutes) {
  const { links, userInfo: profile, followings: lists, lives, cache } = options;
  const replies = new CachedReplies(cache);
  const addCached = <P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
    deps: LookupDeps,
    route: Route<P, Q, B>,
    make: (deps: LookupDeps, input: Input<P, Q, B>) => Promise<unknown>,
  ) =>
    add(
      route,
      (input) => replies.make(deps, input.request, (cached) => make(cached, input)),
      (request) => replies.atHand(deps, request),
    );
  if (links !== undefined) addCached(links, linksRoute, (deps, { query }) => liveLinks(deps, query));
  if (profile !== undefined) addCached(profile, userInfoRoute, (deps, { query }) => userInfo(deps, query.uniqueId));
  if (lists !== undefined) {
    addCached(lists, followingsRoute, (deps, { query }) => followings(deps, query));
    addCached(lists, followersRoute, (deps, { query }) => followers(deps, query));
  }
  if (lives !== undefined) {
    addCached(lives, liveRoute, (deps, { query }) => liveChecks(deps, query));
    addCached(lives, roomRoute, (deps, { params }) => roomOf(deps, params.username));
    addCached(lives, giftsRoute, giftsReply);
    addCached(lives, pricesRoute, pricesReply);
    addCached(lives, feedRoute, (deps, { query }) => feedReply(deps, query.cursor));
    add(sendMessageRoute, async ({ params, body }) => ({
      body: await sendMessage({ clock: lives.clock, sender: lives.sender }, params.username, body.text),
    }));
  }
}
