import * as routes from "../../contract/routes.ts";

/** Routes by the Lambda function that answers them: each group has its own role, limits and alarms. */
export const ROUTE_GROUPS = {
  links: [routes.linksRoute],
  user_info: [routes.userInfoRoute],
  followings: [routes.followingsRoute, routes.followersRoute],
  system: [
    routes.liveRoute,
    routes.roomRoute,
    routes.giftsRoute,
    routes.pricesRoute,
    routes.feedRoute,
    routes.sendMessageRoute,
    routes.listWatchesRoute,
    routes.importWatchesRoute,
    routes.getWatchRoute,
    routes.putWatchRoute,
    routes.deleteWatchRoute,
    routes.listRecordingsRoute,
    routes.startRecordingRoute,
    routes.getRecordingRoute,
    routes.deleteRecordingRoute,
    routes.stopRecordingRoute,
    routes.keepRecordingRoute,
    routes.unkeepRecordingRoute,
    routes.applyRetentionRoute,
    routes.removeHostRoute,
    routes.recordingTotalsRoute,
    routes.hostTotalsRoute,
    routes.recordingEventsRoute,
    routes.recordingEventsJsonlRoute,
    routes.recordingEventsCsvRoute,
    routes.recordingChatVttRoute,
    routes.recordingPlaylistRoute,
    routes.recordingFileRoute,
    routes.listAlertsRoute,
    routes.resendAlertRoute,
    routes.systemRoute,
    routes.canaryRoute,
    routes.acceptCanaryRoute,
    routes.healthRoute,
    routes.openApiRoute,
    routes.docsRoute,
  ],
} as const;

/** Name of a group. */
export type RouteGroup = keyof typeof ROUTE_GROUPS;
