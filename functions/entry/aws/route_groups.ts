import * as routes from "../../contract/routes.ts";

/** Routes by the Lambda function that answers them: each group has its own role, limits and alarms. */
export const ROUTE_GROUPS = {
  links: [routes.linksRoute],
  user_info: [routes.userInfoRoute],
  followings: [routes.followingsRoute],
  system: [
    routes.listWatchesRoute,
    routes.getWatchRoute,
    routes.putWatchRoute,
    routes.deleteWatchRoute,
    routes.listRecordingsRoute,
    routes.getRecordingRoute,
    routes.recordingEventsRoute,
    routes.healthRoute,
    routes.openApiRoute,
    routes.docsRoute,
  ],
} as const;

/** Name of a group. */
export type RouteGroup = keyof typeof ROUTE_GROUPS;
