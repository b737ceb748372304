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
    routes.recordingClipRoute,
    routes.recordingThumbnailRoute,
    routes.recordingFileRoute,
    routes.listAlertsRoute,
    routes.resendAlertRoute,
    routes.recordingLogRoute,
    routes.systemRoute,
    routes.canaryRoute,
    routes.acceptCanaryRoute,
    routes.healthRoute,
    routes.openApiRoute,
    routes.docsRoute,
  ],
} as const;

/** Paths of the console, for browsers; the system's function answers them. They are no routes of the API. */
export const PAGE_PATHS: readonly string[] = ["/", "/console/{file+}"];

/** Name of a group. */
export type RouteGroup = keyof typeof ROUTE_GROUPS;
