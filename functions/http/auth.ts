import type { Context } from "hono";
import { AppError } from "../contract/errors.ts";
import type { Route } from "../contract/routes.ts";
import { scopeOf } from "../contract/scopes.ts";
import { admit } from "../core/api_keys.ts";
import type { Clock } from "../ports/clock.ts";
import type { KeyStore } from "../ports/key_store.ts";
import { requireRoom } from "./rate_limit.ts";

/** Who may call. */
export interface GateOptions {
  /** The server is bound to loopback: every caller is on this machine, and none needs a key. */
  loopbackOnly: boolean;
  /** Where keys are looked up; without it, a server that is not on loopback refuses all routes that need one. */
  keys?: { store: KeyStore; clock: Pick<Clock, "now"> };
}

/** Stands before a route: lets the request pass or throws. */
export type Gate = (c: Context, route: Pick<Route, "method" | "path" | "scope">) => Promise<void> | void;

/**
 * The gate of an app. It names the route in the request's log line, and wherever the server is not on loopback it wants
 * an API key with the route's scope and room in its bucket.
 * @throws AppError `unauthorized`, `forbidden`, `too_many_requests`, `not_configured`, from the gate
 */
export function makeGate({ loopbackOnly, keys }: GateOptions): Gate {
  return (c, route) => {
    const call = c.get("call");
    call.route = route.path;
    const scope = scopeOf(route);
    if (loopbackOnly || scope === "open") return;
    if (keys === undefined) {
      throw new AppError("not_configured", "Check the API key: the server has no keys to compare with", {
        remedy: "Give the server a store of API keys, or bind it to loopback",
      });
    }
    return admit({ keys: keys.store, now: keys.clock.now() }, shownKey(c), scope).then(({ key, allowance }) => {
      call.keyId = key.id;
      call.allowance = allowance;
      requireRoom(allowance);
    });
  };
}

/** The key of the request: `Authorization: Bearer` first, else `x-api-key`. */
function shownKey(c: Context): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  return bearer ?? c.req.header("x-api-key");
}
