import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { readMetrics, valueOf, valuesBy } from "./metrics.ts";

const PAGE = `# HELP roomtone_due_watches Names
# TYPE roomtone_due_watches gauge
roomtone_due_watches 3
roomtone_tiktok_refusals_total{code="blocked"} 2
roomtone_tiktok_refusals_total{code="captcha"} 7
roomtone_tiktok_refusals_total{code="network"} 0
roomtone_http{route="/a\\"b",method="GET"} 1.5e3
roomtone_odd +
`;

describe("the metrics page", () => {
  it("is read by name and by label", () => {
    const samples = readMetrics(PAGE);
    assertEquals([valueOf(samples, "roomtone_due_watches"), valueOf(samples, "roomtone_odd")], [3, undefined]);
    assertEquals(valuesBy(samples, "roomtone_tiktok_refusals_total", "code"), [["captcha", 7], ["blocked", 2]]);
    assertEquals(samples.find(({ name }) => name === "roomtone_http"), {
      name: "roomtone_http",
      labels: { route: '/a"b', method: "GET" },
      value: 1500,
    });
  });

  it("any text is read", () => {
    fc.assert(fc.property(fc.string(), (text) => void readMetrics(text)));
  });
});
