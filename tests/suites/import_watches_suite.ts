/**
 * Imports into the watchlist, on any store.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { AppError } from "../../functions/contract/errors.ts";
import { importWatches } from "../../functions/core/import_watches.ts";
import type { UserListPage } from "../../functions/ports/live_lookup.ts";
import type { Store } from "../../functions/ports/store.ts";
import { FakeLookup } from "../fakes/fake_lookup.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import type { StoreFixture } from "./store_fixture.ts";

const SEC_UID = "MS4wLjABAAAA-some_user";

/** Declares the tests of imports into a store. */
export function importWatchesSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: importWatches()`, () => {
    let fixture: StoreFixture;
    let store: Store;
    let lookup: FakeLookup;
    let clock: ManualClock;

    beforeEach(async () => {
      fixture = await makeStore();
      store = await fixture.open();
      lookup = new FakeLookup();
      clock = new ManualClock();
    });
    afterEach(() => fixture.close());

    const page = (names: string[], minCursor: number, hasMore: boolean): UserListPage => ({
      users: names.map((username) => ({
        ...{ id: "1", username, nickname: "", bio: "", secUid: "", followers: 0, following: 0, likes: 0, videos: 0 },
        ...{ profilePictureUrl: "", verified: false, private: false, roomId: "" },
      })),
      ...{ hasMore, minCursor, maxCursor: 0, total: null, logId: "" },
    });
    const watched = async () => (await store.listWatches({ limit: 100 })).items.map(({ username }) => username);

    it("takes names in any form, once each, and says which it left out", async () => {
      await store.putWatch("two", 1);
      const usernames = ["@One", "https://www.tiktok.com/@two/live", "one", "no name"];
      const { skipped, ...counts } = await importWatches({ store, lookup, clock }, { usernames });
      assertEquals(counts, { added: 1, existing: 1, has_more: false, min_cursor: undefined });
      assertEquals(skipped.map(({ username }) => username), ["one", "no name"]);
      assert(skipped.every(({ reason }) => reason !== ""));
      assertEquals(await watched(), ["one", "two"]);
      assertEquals((await store.getWatch("two"))?.addedAt, 1);
    });

    it("takes those that a user follows, page by page, up to the limit", async () => {
      lookup.pages.set("followings 0", page(["a", "b"], 50, true));
      lookup.pages.set("followings 50", page(["c"], 40, true));
      lookup.pages.set("followings 40", page(["d"], 30, true));
      const request = { secUid: SEC_UID, limit: 3, minCursor: 0 };
      const first = await importWatches({ store, lookup, clock }, request);
      assertEquals(first, { added: 3, existing: 0, skipped: [], has_more: true, min_cursor: 40 });
      assertEquals(lookup.listed.map(({ count, minCursor }) => [count, minCursor]), [[3, 0], [1, 50]]);
      const rest = await importWatches({ store, lookup, clock }, { ...request, limit: 1, minCursor: 40 });
      assertEquals([rest.added, rest.min_cursor], [1, 30]);
      assertEquals(await watched(), ["a", "b", "c", "d"]);
    });

    it("imports what came before a failure, and fails when nothing did", async () => {
      lookup.pages.set("followings 0", page(["a"], 50, true));
      const request = { secUid: SEC_UID, limit: 10, minCursor: 0 };
      const cut = await importWatches({ store, lookup, clock }, request);
      assertEquals([cut.added, cut.has_more, cut.min_cursor], [1, true, 50]);
      lookup.failure = new AppError("login_required", "Read the followings: a session is needed");
      assertEquals(await assertRejects(() => importWatches({ store, lookup, clock }, request)), lookup.failure);
      assertEquals(await watched(), ["a"]);
    });
  });
}
