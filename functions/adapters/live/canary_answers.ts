import type { AnswerSight, CanaryRoute, CookieSight } from "../../ports/canary.ts";

const ROUTES: readonly [RegExp, CanaryRoute][] = [
  [/^\/api-live\/user\/room\//, "api_live"],
  [/^\/@[^/]+\/live\/?$/, "live_page"],
  [/^\/@[^/]+\/?$/, "profile_page"],
  [/^\/webcast\/room\/info\//, "room_info"],
  [/^\/webcast\/room\/check_alive\//, "check_alive"],
  [/^\/webcast\/gift\/list\//, "gift_list"],
  [/^\/webcast\/feed\//, "feed"],
  [/^\/webcast\/wallet_api\/fs\/diamond/, "prices"],
  [/^\/webcast\/im\/fetch\//, "im_fetch"],
  [/^\/api\/user\/detail\//, "user_detail"],
  [/^\/(?:live)?$/, "other_page"],
  [/^\/ttwid\/union\/register\//, "ttwid_register"],
];
/** Scripts with the state of a page. */
const STATES: Readonly<Partial<Record<CanaryRoute, string>>> = {
  live_page: "SIGI_STATE",
  profile_page: "__UNIVERSAL_DATA_FOR_REHYDRATION__",
};
/** Routes that are asked without a signature: that they refuse is what there is to see. */
const UNSIGNED: ReadonlySet<CanaryRoute> = new Set(["im_fetch", "user_detail"]);
const MOST_BYTES = 16 * 1024 * 1024;
/** The largest page that may be the bare shell of a refusal. */
const SHELL_BYTES = 16 * 1024;

/** The route that a URL asks; `undefined` for one that no fact is about. */
export function routeOf(url: URL): CanaryRoute | undefined {
  return ROUTES.find(([pattern]) => pattern.test(url.pathname))?.[1];
}

/** Reads an answer whole. @returns what a fact may be made of, and the text, for refusals */
export async function readAnswer(
  route: CanaryRoute,
  response: Response,
): Promise<{ answer: AnswerSight; text: string }> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = new TextDecoder().decode(bytes.subarray(0, MOST_BYTES));
  const location = response.headers.get("location");
  const answer: AnswerSight = {
    ...{ route, status: response.status, bytes: bytes.length },
    redirect: location === null ? "" : withoutNames(URL.parse(location, "http://answer.invalid")?.pathname ?? "?"),
    mediaType: (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
    cookies: response.headers.getSetCookie().map(readCookie),
    ...readBody(route, text),
  };
  return { answer, text };
}

/** How TikTok refuses, or that it has trouble of its own; `undefined` for an answer that facts are made of. */
export function refusalIn(answer: AnswerSight, text: string): string | undefined {
  const { route, status, redirect, reading, bytes, cookies } = answer;
  if (status === 429) return "rate_limited";
  if (status === 401 || /^\/login(?:\/|$)/.test(redirect)) return "login_required";
  if (status === 451 || /discontinued[^<]{0,100}tiktok/i.test(text)) return "region_blocked";
  if (/^\s*</.test(text)) {
    if (/tiktok-verify-page|id=["']captcha|captcha[-_]verify/i.test(text)) return "captcha";
    if (/id=["']?wci["'\s>]/i.test(text)) return "blocked";
  }
  if (status >= 500) return "network";
  if (UNSIGNED.has(route)) return undefined;
  if (status === 403) return "blocked";
  if (status !== 200) return undefined;
  if (route === "other_page") return undefined;
  if (STATES[route] !== undefined) {
    // A bare page, that does not even give a guest a cookie, is how TikTok turns clients away.
    const bare = reading === "no state" || reading === "empty";
    return bare && bytes <= SHELL_BYTES && cookies.length === 0 ? "blocked" : undefined;
  }
  if (reading === "empty" && route !== "ttwid_register") return "empty_reply";
  return /^\s*</.test(text) ? "blocked" : undefined;
}

function readBody(route: CanaryRoute, text: string): Pick<AnswerSight, "body" | "reading"> {
  if (text.trim() === "") return { reading: "empty", body: undefined };
  const script = STATES[route];
  if (script !== undefined) {
    const start = new RegExp(`<script[^>]*\\bid=["']?${script}["']?[^>]*>`).exec(text);
    if (start === null) return { reading: "no state", body: undefined };
    const from = start.index + start[0].length;
    const body = parse(text.slice(from, text.indexOf("</script", from)));
    return body === undefined ? { reading: "broken state", body } : { reading: "state", body };
  }
  const body = parse(text);
  if (body !== undefined) return { reading: "json", body };
  return { reading: /^\s*[{[]/.test(text) ? "broken json" : /^\s*</.test(text) ? "page" : "bytes", body };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the reading says so.
    return undefined;
  }
}

function withoutNames(path: string): string {
  return path.replace(/@[^/]+/g, "@");
}

/** A `Set-Cookie` line as it is built, without what it holds. */
function readCookie(line: string): CookieSight {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  const attribute = (name: string) => {
    const found = attributes.find((each) => each.toLowerCase().startsWith(`${name}=`));
    return found?.slice(name.length + 1);
  };
  const maxAge = attribute("max-age");
  const expires = attribute("expires");
  const value = decode(pair.slice(equals + 1));
  return {
    name: pair.slice(0, equals),
    shape: value.split("|").map(wordOf).join("|"),
    domain: attribute("domain") ?? "",
    path: attribute("path") ?? "",
    maxAgeS: maxAge !== undefined && /^\d+$/.test(maxAge)
      ? Number(maxAge)
      : expires === undefined
      ? undefined
      : (Date.parse(expires) - Date.now()) / 1000,
  };
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // A stray percent sign: it is taken as it is.
    return value;
  }
}

function wordOf(part: string): string {
  if (part === "1") return "1";
  if (/^\d{10}$/.test(part)) return "seconds";
  if (/^\d+$/.test(part)) return "number";
  if (/^[\da-f]{64}$/.test(part)) return "hex";
  return part === "" ? "" : "token";
}
