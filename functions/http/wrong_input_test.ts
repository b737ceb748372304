import { assert, assertEquals } from "@std/assert";
import { after, describe, it } from "node:test";
import * as v from "valibot";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { sqliteStore } from "../adapters/local/sqlite_store.ts";
import { Problem } from "../contract/schemas.ts";
import { createApp } from "./app.ts";

describe("createApp(): wrong input", () => {
  const store = sqliteStore(":memory:");
  after(() => store.close());
  const clock = new ManualClock();
  const deps = { lookup: new FakeLookup(), clock };
  const app = createApp({
    ...{ links: deps, userInfo: deps, followings: deps, lives: deps },
    system: { store, ...deps },
    logger: new CaptureLogger(),
    loopbackOnly: true,
  });

  /** Requests, and the parameters that are wrong in each. */
  const CASES: [string, string, unknown, string[]][] = [
    ["GET", "/api/links?protocol=rtmp&codec=a-b&quality=%20", undefined, ["codec", "protocol", "quality", "usernames"]],
    ["GET", "/api/links?usernames[]=a%20b&protocol=rtmp", undefined, ["protocol", "usernames"]],
    ["GET", "/api/live?usernames=,", undefined, ["usernames"]],
    ["GET", "/tiktok/user-info?uniqueId=a%20b", undefined, ["uniqueId"]],
    ["GET", "/tiktok/user-followings?uniqueId=a%20b&secUid=x&count=0", undefined, ["count", "secUid", "uniqueId"]],
    ["GET", "/tiktok/user-followings?count=201&minCursor=x", undefined, ["count", "minCursor", "secUid"]],
    ["GET", "/tiktok/user-followers?maxCursor=-1&count=1.5", undefined, ["count", "maxCursor", "secUid"]],
    ["GET", "/api/rooms/a%20b", undefined, ["username"]],
    ["GET", "/api/feed?cursor=-1", undefined, ["cursor"]],
    ["POST", "/api/rooms/a%20b/messages", { text: " " }, ["text", "username"]],
    ["GET", "/watchlist?limit=0&cursor=%20", undefined, ["cursor", "limit"]],
    ["PUT", "/watchlist/a%20b", undefined, ["username"]],
    ["POST", "/watchlist/import", { uniqueId: "a b", limit: 0, minCursor: -1 }, ["limit", "minCursor", "uniqueId"]],
    ["GET", "/recordings?username=a%20b&state=gone&limit=1001", undefined, ["limit", "state", "username"]],
    ["POST", "/recordings", { username: "a b" }, ["username"]],
    ["GET", "/recordings/x/events?after=-&types=A&limit=0&waitMs=20001", undefined, [
      ...["after", "id", "limit", "types", "waitMs"],
    ]],
  ];

  for (const [method, path, body, names] of CASES) {
    it(`${method} ${path} names every wrong parameter at once`, async () => {
      const response = await app.request(path, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      const { status, code, detail, remedy, parameters = [] } = v.parse(Problem, await response.json());
      assertEquals([response.status, status, code], [400, 400, "invalid_input"]);
      assertEquals(parameters.map(({ name }) => name).sort(), names);
      assert(names.every((name) => detail.includes(name)) && remedy !== undefined, detail);
      assertEquals(response.headers.get("cache-control"), "no-store");
    });
  }
});
