import { assert, assertEquals } from "@std/assert";
import { eulerSigner } from "@roomtone/sdk/euler";
import { after, before, describe, it } from "node:test";
import { tiktokCanary } from "../../functions/adapters/live/canary_probe.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { compareFacts } from "../../functions/core/canary.ts";
import { factsOf, type SeenFact } from "../../functions/core/canary_facts.ts";
import type { CanaryFact, Sighting } from "../../functions/ports/canary.ts";
import { DRIFTS, type NamedDrift } from "./drifts.ts";
import { type Room, type Standin, startStandin } from "./mod.ts";

/** A busy room says in a second what the canary wants to hear. */
const RATE = 30;
/** Long enough to hear it on a slow machine; the canary leaves as soon as it has. */
const LISTEN_MS = 10_000;
/** For drifts that leave the canary waiting until its time is over. */
const SHORT_LISTEN_MS = 2_500;
const WAITED_OUT = new Set(["frames.enter_reply", "frames.heartbeat_reply", "frames.flow_after_ack"]);
const HOST = "some.host";

describe("the canary", () => {
  let standin: Standin;
  let room: Room;
  let known: CanaryFact[];

  before(async () => {
    standin = await startStandin();
    room = standin.room(HOST);
    room.startLive({ seed: "canary" });
    await standin.prepareMedia();
    await withLive(async (username) => {
      known = compareFacts([], factsOf(await look("all", { username })), 1).facts;
    });
  });
  after(() => standin.stop());

  const look = async (
    where: NamedDrift["where"] | "all",
    { listenMs = LISTEN_MS, username = HOST }: { listenMs?: number; username?: string } = {},
  ): Promise<Sighting> => {
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    const listens = where === "all" || where === "socket";
    const signs = where === "all" || where === "signer";
    return await tiktokCanary({
      addresses: { tiktokWebUrl: web, tiktokWebcastUrl: webcast, tiktokSocketUrl: socket, tiktokTtwidUrl: ttwid },
      turns: { take: () => Promise.resolve(), slowDown() {} },
      identity: { mediaHosts: ["127.0.0.1"], ...(signs ? { signer: eulerSigner({ host: standin.url }) } : {}) },
      clock: systemClock,
      listenMs: listens ? listenMs : 0,
    }).look([{ username }]);
  };
  let lives = 0;
  /** A live of its own for a test that listens: what a room says while nobody is there would be made at once. */
  const withLive = async (test: (username: string) => Promise<void>): Promise<void> => {
    const own = standin.room(`live.${++lives}`);
    own.startLive({ seed: `canary ${lives}`, rate: RATE });
    try {
      await test(own.username);
    } finally {
      own.stop();
    }
  };
  const changesOf = (seen: SeenFact[]) => compareFacts(known, seen, 2).changes;

  it("names nothing while the protocol is as it is known, at the first look and at later ones", async () => {
    let facts: CanaryFact[] = [];
    for (const run of [1, 2, 3]) {
      await withLive(async (username) => {
        const sighting = await look("all", { username });
        assertEquals(sighting.refusals, [], `run ${run}`);
        const compared = compareFacts(facts, factsOf(sighting), run);
        assertEquals(compared.changes, [], `run ${run}`);
        facts = compared.facts;
      });
    }
    assert(facts.length > 200, `${facts.length} facts`);
    const areas = new Set(facts.map(({ area }) => area));
    assertEquals(
      [...areas].sort(),
      ["cookie", "events", "frames", "lists", "media", "page", "room", "signer", "socket"],
    );
    const text = JSON.stringify(facts);
    assert(!text.includes(HOST) && !text.includes(room.host.nickname), "facts hold somebody's name");
  });

  it("has at least 50 drifts to name, each under a name of its own", () => {
    assert(DRIFTS.length >= 50, `${DRIFTS.length} drifts`);
    assertEquals(new Set(DRIFTS.map(({ name }) => name)).size, DRIFTS.length);
  });

  for (const { name, fact, drift, where } of DRIFTS) {
    it(`names the drift: ${name}`, async () => {
      standin.drift(drift);
      const see = async (username: string) => {
        const listenMs = WAITED_OUT.has(fact) ? SHORT_LISTEN_MS : LISTEN_MS;
        const changes = changesOf(factsOf(await look(where, { listenMs, username })));
        assert(changes.some((change) => change.fact === fact), JSON.stringify(changes));
        assert(changes.every(({ change }) => change === "drifted"));
        // What else it breaks is of the same answer, or made of it.
        const area = changes.find((change) => change.fact === fact)?.area;
        const parts: readonly string[] = where === "socket" ? ["socket", "frames", "events"] : [area ?? "", "media"];
        assertEquals(changes.filter((change) => !parts.includes(change.area)), []);
      };
      try {
        await (where === "socket" ? withLive(see) : see(HOST));
      } finally {
        standin.drift(undefined);
      }
    });
  }

  for (
    const reply of ["captcha_page", "waf_page", "rate_limited", "empty", "login_redirect", "html", "reset"] as const
  ) {
    it(`takes a refusal for no drift: ${reply}`, async () => {
      standin.fault({ kind: "http", route: "*", reply });
      try {
        const sighting = await look("answers");
        assertEquals(changesOf(factsOf(sighting)).filter(({ fact }) => !fact.endsWith(".unsigned")), []);
        assert(sighting.refusals.length > 0);
      } finally {
        standin.clearFaults();
      }
    });
  }

  for (const status of [415, 417]) {
    it(`takes a refused handshake for no drift: ${status}`, async () => {
      standin.fault({ kind: "handshake", status });
      try {
        const sighting = await look("socket", { listenMs: SHORT_LISTEN_MS });
        assertEquals(changesOf(factsOf(sighting)), []);
        assert(sighting.refusals.some(({ what }) => what === "socket"));
      } finally {
        standin.clearFaults();
      }
    });
  }

  it("sees as much as it can when nobody is live, and takes that for no drift", async () => {
    standin.room("nobody.live");
    room.fault({ kind: "account", state: "not_found" });
    try {
      const sighting = await look("answers");
      const changes = changesOf(factsOf(sighting));
      assert(changes.every(({ fact }) => /^(api_live|live_page|profile_page)\./.test(fact)), JSON.stringify(changes));
    } finally {
      room.fault({ kind: "account", state: "normal" });
    }
  });
});
