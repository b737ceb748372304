import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import { reply } from "../testing/http.ts";
import { readJson, readPageState, refusalOf, retryAfterMs } from "./refusals.ts";

const CAPTCHA = `<!DOCTYPE html><html><body class="tiktok-verify-page"></body></html>`;
const WAF = `<html><body>Please wait...<p id="wci" class="a"></p><p id="cs" class="b"></p></body></html>`;
const REGION = `<html><body>We have discontinued operating TikTok in your country</body></html>`;
const SHELL = `<!DOCTYPE html><html><head></head><body></body></html>`;

describe("refusalOf()", () => {
  const cases: [string, Parameters<typeof reply>, "json" | "html" | "headers", string | undefined][] = [
    ["a good JSON answer", [{ ok: true }], "json", undefined],
    ["a good page", [SHELL], "html", undefined],
    ["an empty JSON answer", [""], "json", "empty_reply"],
    ["an answer of white space", [" \n"], "json", "empty_reply"],
    ["an empty page", [""], "html", "empty_reply"],
    ["headers without a body", [""], "headers", undefined],
    ["a captcha page in place of JSON", [CAPTCHA], "json", "captcha"],
    ["a captcha page with status 403", [CAPTCHA, { status: 403 }], "html", "captcha"],
    ["a firewall page in place of JSON", [WAF], "json", "blocked"],
    ["a firewall page with status 403", [WAF, { status: 403 }], "html", "blocked"],
    ["a region page in place of JSON", [REGION], "json", "region_blocked"],
    ["any page in place of JSON", [SHELL], "json", "blocked"],
    ["HTTP 401", ["{}", { status: 401 }], "json", "login_required"],
    ["HTTP 403", ["{}", { status: 403 }], "json", "blocked"],
    ["HTTP 403 without a body", ["", { status: 403 }], "json", "blocked"],
    ["HTTP 404 of a page", [SHELL, { status: 404 }], "html", "not_found"],
    ["HTTP 404 of an API", ["{}", { status: 404 }], "json", "protocol"],
    ["HTTP 429", ["", { status: 429 }], "json", "rate_limited"],
    ["HTTP 451", ["", { status: 451 }], "html", "region_blocked"],
    ["HTTP 500", ["oops", { status: 500 }], "json", "network"],
    ["HTTP 418", ["", { status: 418 }], "html", "protocol"],
    ["a redirect that was not followed", ["", { status: 302 }], "headers", "blocked"],
    ["the login page", [SHELL, { url: "https://www.tiktok.com/login?redirect=x" }], "html", "login_required"],
    ["the login page, missing", ["", { url: "https://www.tiktok.com/login", status: 404 }], "html", "login_required"],
    ["JSON that talks about refusals", [{ title: 'TikTok discontinued <p id="wci">' }], "json", undefined],
  ];
  for (const [name, args, wanted, code] of cases) {
    it(`calls ${name} ${code ?? "no refusal"}`, () => {
      assertEquals(refusalOf(reply(...args), wanted, "Read it", 0)?.code, code);
    });
  }

  it("shows status, size and log id, and never a query or a cookie", () => {
    const headers = new Headers({ "x-tt-logid": "2026ABC", "x-secret": "hush" });
    const error = refusalOf(reply("{}", { status: 403, headers }), "json", "Read it", 0);
    assertEquals(error?.evidence, {
      url: "https://www.tiktok.com/some/path",
      status: 403,
      bodyBytes: 2,
      logId: "2026ABC",
    });
    assertEquals(error?.message, "Read it: TikTok answered HTTP 403, forbidden");
    assert(error !== undefined && error.retryable && error.remedy.length > 0);
  });

  it("hands on how long to wait", () => {
    const headers = new Headers({ "retry-after": "30" });
    assertEquals(refusalOf(reply("", { status: 429, headers }), "json", "Read it", 0)?.retryAfterMs, 30_000);
  });
});

describe("retryAfterMs()", () => {
  it("reads seconds, dates and nothing", () => {
    assertEquals(retryAfterMs("120", 0), 120_000);
    assertEquals(retryAfterMs("Thu, 01 Jan 1970 00:01:00 GMT", 10_000), 50_000);
    assertEquals(retryAfterMs("Thu, 01 Jan 1970 00:01:00 GMT", 90_000), 0);
    assertEquals(retryAfterMs("soon", 0), undefined);
    assertEquals(retryAfterMs(null, 0), undefined);
  });
});

describe("readJson()", () => {
  it("calls broken JSON protocol, with the start of the text", () => {
    const error = assertThrows(() => readJson(reply(`{"a":`), "Read it"));
    assertInstanceOf(error, LiveError);
    assertEquals([error.code, error.evidence.excerpt], ["protocol", `{"a":`]);
  });
});

describe("readPageState()", () => {
  const page = (script: string) => reply(`<html><head>${script}</head><body></body></html>`);
  const codeOf = (answer: ReturnType<typeof reply>): string => {
    const error = assertThrows(() => readPageState(answer, "SIGI_STATE", "Read it"));
    assertInstanceOf(error, LiveError);
    return error.code;
  };

  it("reads the script wherever its attributes stand", () => {
    const script = `<script type="application/json" id="SIGI_STATE" nonce="x">{"a":"<b>\\u003C/script>"}</script>`;
    assertEquals(readPageState(page(script), "SIGI_STATE", "Read it"), { a: "<b></script>" });
  });
  it("names the refusal of a page without it", () => {
    assertEquals(codeOf(reply(CAPTCHA)), "captcha");
    assertEquals(codeOf(reply(WAF)), "blocked");
    assertEquals(codeOf(reply(REGION)), "region_blocked");
    assertEquals(codeOf(reply(SHELL)), "blocked");
  });
  it("calls a whole page without it, and broken state, protocol", () => {
    assertEquals(codeOf(page(`<p>${"text ".repeat(5000)}</p>`)), "protocol");
    assertEquals(codeOf(page(`<script id="SIGI_STATE">{"a":</script>`)), "protocol");
    assertEquals(codeOf(page(`<script id="SIGI_STATE">{"a":1`)), "protocol");
  });
});
