/**
 * The option `routes` of a client.
 * @module
 */
import type { RouteName } from "../events/types.ts";
import type { Signer } from "../signing/signer.ts";

/** What a client can do without a word of the user's. */
function defaultRoutes(signer: Signer | undefined): RouteName[] {
  if (signer === undefined) return ["direct"];
  return signer.fetchRoom === undefined ? ["direct", "polling"] : ["direct", "signed", "polling"];
}

/**
 * Reads the option.
 * @throws {TypeError} for anything but known routes, each once, and for a route that the signer cannot serve
 */
export function checkRoutes(routes: readonly RouteName[] | undefined, signer: Signer | undefined): RouteName[] {
  if (routes === undefined) return defaultRoutes(signer);
  const fail = (what: string): never => {
    throw new TypeError(`Cannot use the option 'routes': ${what}`);
  };
  if (!Array.isArray(routes) || routes.length === 0) return fail("it must be a list of at least one route");
  const order: RouteName[] = [];
  for (const route of routes as readonly RouteName[]) {
    if (!["direct", "signed", "polling"].includes(route)) fail(`there is no route '${route}'`);
    if (order.includes(route)) fail(`'${route}' stands in it twice`);
    if (route !== "direct" && signer === undefined) fail(`'${route}' needs the option 'signer'`);
    if (route === "signed" && signer?.fetchRoom === undefined) {
      fail("'signed' needs a signer with a method fetchRoom()");
    }
    order.push(route);
  }
  return order;
}
