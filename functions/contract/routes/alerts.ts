/**
 * Alerts, and how they are sent again.
 * @module
 */
import * as v from "valibot";
import { ALERT_KINDS, ALERT_STATES } from "../alerts.ts";
import { about, defineRoute, inputProblems, nothing, notThere, one, page, problem } from "../route.ts";
import { AlertReply, AlertsReply } from "../schemas.ts";

/** `GET /alerts` */
export const listAlertsRoute = defineRoute({
  method: "get",
  path: "/alerts",
  summary: "Alerts that could not be delivered, or those in another state, the newest first",
  request: {
    params: nothing,
    query: v.object({
      ...page,
      state: v.optional(
        v.pipe(
          v.picklist(ALERT_STATES, `must be ${ALERT_STATES.join(", ")}`),
          about("Those in this state; without it those that are dead", "dead"),
        ),
        "dead",
      ),
    }),
  },
  responses: { 200: { description: "A page of alerts", body: AlertsReply }, ...inputProblems },
});

/** `POST /alerts/{id}/resend` */
export const resendAlertRoute = defineRoute({
  method: "post",
  path: "/alerts/{id}/resend",
  summary: "Send a dead alert again, to the targets that did not get it",
  request: {
    params: v.object({
      id: v.pipe(
        one,
        v.regex(new RegExp(`^(${ALERT_KINDS.join("|")}):\\d{1,20}(:[\\w-]{1,100})?$`), "must be the id of an alert"),
        about("`id` of the alert, percent-encoded", "live_started:7300000000000000001"),
      ),
    }),
    query: nothing,
  },
  responses: {
    202: { description: "It is pending again", body: AlertReply },
    ...inputProblems,
    ...notThere,
    409: problem("It is not dead"),
  },
});
