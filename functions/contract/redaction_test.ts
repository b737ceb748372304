import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { redact, redactText } from "./redaction.ts";

describe("redactText()", () => {
  it("drops queries and users of URLs, and keeps the rest", () => {
    assertEquals(
      redactText("open https://pull.example.com/a.flv?expire=1&sign=abc and wss://u:p@h/x failed"),
      "open https://pull.example.com/a.flv?[redacted] and wss://h/x failed",
    );
  });

  it("hides cookies and keys in headers and arguments", () => {
    const text = redactText("-headers 'Cookie: ttwid=1|abc; sessionid=def' x-api-key=ghi msToken=jkl");
    for (const secret of ["abc", "def", "ghi", "jkl"]) assert(!text.includes(secret), text);
  });
});

describe("redact()", () => {
  it("hides secret fields at any depth, also in causes, and keeps lease tokens, which are numbers", () => {
    const cause = new Error("GET https://h/p?sign=abc: ttwid=abc");
    const error = Object.assign(new Error("it failed", { cause }), { code: "network" });
    const line = JSON.stringify(
      redact({ leaseToken: 3, list: [{ Cookie: "abc", "set-cookie": ["abc"] }, { eulerKey: "abc" }], error }),
    );
    assert(!line.includes("abc"), line);
    assertEquals(JSON.parse(line), {
      leaseToken: 3,
      list: [{ Cookie: "[redacted]", "set-cookie": "[redacted]" }, { eulerKey: "[redacted]" }],
      error: {
        name: "Error",
        code: "network",
        message: "it failed",
        cause: { name: "Error", message: "GET https://h/p?[redacted] ttwid=[redacted]" },
      },
    });
  });

  it("takes what JSON does not: big numbers, functions, bytes, circles", () => {
    const circle: Record<string, unknown> = { big: 12n, bytes: new Uint8Array(3), run: () => 1 };
    circle["self"] = circle;
    const copied = redact(circle) as Record<string, unknown>;
    assertEquals([copied["big"], copied["bytes"], copied["run"]], ["12", "[3 bytes]", undefined]);
    assert(JSON.stringify(copied).includes("[deep]"));
  });
});
