import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { LiveError } from "../errors.ts";
import type { RouteName } from "../events/types.ts";
import {
  CONFIRM_AGAIN_MS,
  ConnectionMachine,
  HEALTHY_MS,
  HEARTBEAT_MS,
  type MachineCommand,
  type MachineInput,
  OPENING_MS,
  RECONNECT_BUDGET,
  ROTATE_MS,
  SIGNED_OPENING_MS,
  STALE_MS,
  type TimerName,
} from "./connection_machine.ts";
import { RouteHealth } from "./route_health.ts";

const network = new LiveError("network", "Listen: broke");
const offline = new LiveError("offline", "Find it: not live");
const deviceBlocked = new LiveError("device_blocked", "Open: refused");

function machine(options: { random?: number; canRotate?: boolean; routes?: RouteName[] } = {}) {
  const { random = 1, canRotate = true, routes = ["direct"] } = options;
  const one = new ConnectionMachine({
    random: () => random,
    canRotate: () => canRotate,
    routes: new RouteHealth(routes),
  });
  const give = (...inputs: MachineInput[]): MachineCommand[] => inputs.flatMap((input) => [...one.handle(input, 0)]);
  return { one, give };
}

const types = (commands: readonly MachineCommand[]) => commands.map((command) => command.type);
const find = <T extends MachineCommand["type"]>(commands: readonly MachineCommand[], type: T) =>
  commands.find((command): command is Extract<MachineCommand, { type: T }> => command.type === type);
const timerMs = (commands: readonly MachineCommand[], name: TimerName) =>
  commands.find((command) => command.type === "set_timer" && command.name === name && command.delayMs > 0) as
    | { delayMs: number }
    | undefined;

const CONNECT: MachineInput[] = [{ type: "start" }, { type: "prepared" }, { type: "opened" }, { type: "frame" }];
const closed: MachineInput = { type: "closed", error: network };
const retry: MachineInput = { type: "timer", name: "retry" };

describe("ConnectionMachine", () => {
  it("resolves, opens, enters the room, and is connected at the first frame", () => {
    const { one, give } = machine();
    assertEquals(types(give({ type: "start" })), ["emit_state", "prepare"]);
    assertEquals(types(give({ type: "prepared" })), ["emit_state", "open_route", "set_timer"]);
    const opened = give({ type: "opened" });
    assertEquals(types(opened), ["clear_timer", "enter_room", "set_timer", "set_timer"]);
    assertEquals([timerMs(opened, "heartbeat")?.delayMs, timerMs(opened, "stale")?.delayMs], [HEARTBEAT_MS, STALE_MS]);
    assertEquals(one.phase, "connecting");
    assertEquals(types(give({ type: "frame" })), ["emit_state", "emit_connected", "set_timer"]);
    assertEquals(one.phase, "connected");
    assertEquals(give({ type: "frame" }), []);
  });

  it("sends heartbeats for as long as the socket is open", () => {
    const { give } = machine();
    give(...CONNECT);
    assertEquals(types(give({ type: "timer", name: "heartbeat" })), ["send_heartbeat", "set_timer"]);
    give(closed);
    assertEquals(give({ type: "timer", name: "heartbeat" }), []);
  });

  it("fails at once when the room cannot be resolved the first time", () => {
    for (const error of [offline, network, new LiveError("captcha", "x: y")]) {
      const { one, give } = machine();
      const commands = give({ type: "start" }, { type: "prepare_failed", error });
      assertEquals(find(commands, "finish")?.failure, { error });
      assertEquals([one.phase, find(commands, "emit_ended")], ["closed", undefined]);
    }
  });

  it("reconnects after a drop: waits, resolves again, reports the gap", () => {
    const one = new ConnectionMachine({ random: () => 1, canRotate: () => true, routes: new RouteHealth(["direct"]) });
    for (const input of CONNECT) one.handle(input, 1000);
    one.handle({ type: "frame" }, 5000);
    const dropped = one.handle(closed, 6000);
    assertEquals(find(dropped, "emit_state")?.to, "waiting");
    assertEquals(timerMs(dropped, "retry")?.delayMs, 1000);
    assertEquals(types(one.handle(retry, 7000)), ["emit_state", "prepare"]);
    one.handle({ type: "prepared" }, 7100);
    one.handle({ type: "opened" }, 7200);
    const again = one.handle({ type: "frame" }, 7300);
    assertEquals(types(again), ["emit_state", "emit_connected", "set_timer", "emit_gap"]);
    assertEquals(find(again, "emit_gap"), { type: "emit_gap", from: 5000, to: 7300, reason: "reconnect" });
  });

  it("reports one gap from the last whole time, however many tries it takes", () => {
    const one = new ConnectionMachine({ random: () => 1, canRotate: () => true, routes: new RouteHealth(["direct"]) });
    for (const input of CONNECT) one.handle(input, 1000);
    one.handle(closed, 2000);
    one.handle(retry, 3000);
    one.handle({ type: "prepare_failed", error: network }, 3000);
    one.handle(retry, 5000);
    one.handle({ type: "prepared" }, 5000);
    one.handle({ type: "refused", error: network }, 5000);
    one.handle(retry, 9000);
    one.handle({ type: "prepared" }, 9000);
    one.handle({ type: "opened" }, 9000);
    const again = one.handle({ type: "frame" }, 9000);
    assertEquals(again.filter((command) => command.type === "emit_gap").map((gap) => [gap.from, gap.to]), [[
      1000,
      9000,
    ]]);
  });

  it("backs off 1, 2, 4, 8, 16 s, at most by half shorter, then gives up with the last error", () => {
    for (const random of [1, 0]) {
      const { one, give } = machine({ random });
      give(...CONNECT);
      const waits: number[] = [];
      let last = give(closed);
      for (let index = 0; index < RECONNECT_BUDGET; index++) {
        waits.push(timerMs(last, "retry")?.delayMs ?? -1);
        last = give(retry, { type: "prepared" }, { type: "refused", error: network });
      }
      assertEquals(waits, [1000, 2000, 4000, 8000, 16_000].map((ms) => random === 1 ? ms : ms / 2));
      assertEquals([one.phase, find(last, "finish")?.failure], ["closed", { error: network }]);
    }
  });

  it("allows all reconnects again after 30 s of health, and not by short lives", () => {
    const { one, give } = machine();
    give(...CONNECT);
    for (let index = 0; index < 20; index++) {
      assertEquals(timerMs(give(closed), "retry")?.delayMs, 1000);
      give(retry, { type: "prepared" }, { type: "opened" });
      assertEquals(timerMs(give({ type: "frame" }), "healthy")?.delayMs, HEALTHY_MS);
      give({ type: "timer", name: "healthy" });
    }
    for (let index = 0; index < RECONNECT_BUDGET; index++) {
      assertEquals(one.phase, "connected");
      give(closed, retry, { type: "prepared" }, { type: "opened" }, { type: "frame" });
    }
    give(closed);
    assertEquals(one.phase, "closed");
  });

  it("waits as long as TikTok asks", () => {
    const { give } = machine();
    give(...CONNECT, closed, retry);
    const limited = new LiveError("rate_limited", "Read: 429", { retryAfterMs: 45_000 });
    assertEquals(timerMs(give({ type: "prepare_failed", error: limited }), "retry")?.delayMs, 45_000);
  });

  it("waits as long as a refused socket asks, and says so", () => {
    const { give } = machine();
    const limited = new LiveError("rate_limited", "Open: 429", { retryAfterMs: 45_000 });
    give({ type: "start" }, { type: "prepared" });
    const last = give({ type: "refused", error: limited });
    assertEquals(timerMs(last, "retry")?.delayMs, 45_000);
    assertEquals(
      find(last, "emit_state")?.reason,
      "direct refused: rate_limited: no try before 45000 ms are over",
    );
    const device = machine();
    const later = new LiveError("device_blocked", "Open: refused", { retryAfterMs: 20_000 });
    const rotated = device.give({ type: "start" }, { type: "prepared" }, { type: "refused", error: later });
    assertEquals(timerMs(rotated, "retry")?.delayMs, 20_000);
  });

  it("does not come back from a final error", () => {
    const { give } = machine();
    const error = new LiveError("not_found", "Read: gone");
    const last = give(...CONNECT, closed, retry, { type: "prepare_failed", error });
    assertEquals(find(last, "finish")?.failure, { error });
  });

  it("gives up a handshake that takes too long", () => {
    const { one, give } = machine();
    assertEquals(timerMs(give({ type: "start" }, { type: "prepared" }), "opening")?.delayMs, OPENING_MS);
    assertEquals(types(give({ type: "timer", name: "opening" })).includes("close_route"), true);
    assertEquals(one.phase, "waiting");
  });

  it("calls 60 s without a decoded frame stale", () => {
    const one = new ConnectionMachine({ random: () => 1, canRotate: () => true, routes: new RouteHealth(["direct"]) });
    for (const input of CONNECT) one.handle(input, 0);
    one.handle({ type: "frame" }, 59_000);
    assertEquals(one.handle({ type: "timer", name: "stale" }, 60_000), [{
      type: "set_timer",
      name: "stale",
      delayMs: 59_000,
    }]);
    const stale = one.handle({ type: "timer", name: "stale" }, 119_000);
    assertEquals([one.phase, types(stale).includes("close_route")], ["waiting", true]);
    for (const input of [retry, ...CONNECT.slice(1, 3)]) one.handle(input, 120_000);
    const gap = find(one.handle({ type: "frame" }, 121_000), "emit_gap");
    assertEquals([gap?.from, gap?.to, gap?.reason], [59_000, 121_000, "stale"]);
  });

  it("is stale when nothing ever answers enter-room", () => {
    const one = new ConnectionMachine({ random: () => 1, canRotate: () => true, routes: new RouteHealth(["direct"]) });
    for (const input of CONNECT.slice(0, 3)) one.handle(input, 0);
    one.handle({ type: "timer", name: "stale" }, STALE_MS);
    assertEquals(one.phase, "waiting");
  });

  it("tries one new identity after 2 s when the device is refused, then fails", () => {
    const { one, give } = machine();
    give({ type: "start" }, { type: "prepared" });
    const first = give({ type: "refused", error: deviceBlocked });
    assert(types(first).includes("rotate_identity"));
    assertEquals(timerMs(first, "retry")?.delayMs, ROTATE_MS);
    give(retry, { type: "prepared" });
    const second = give({ type: "refused", error: deviceBlocked });
    assertEquals([one.phase, find(second, "finish")?.failure], ["closed", { error: deviceBlocked }]);
  });

  it("fails at once when the identity is the user's own", () => {
    const { one, give } = machine({ canRotate: false });
    const last = give({ type: "start" }, { type: "prepared" }, { type: "refused", error: deviceBlocked });
    assertEquals([one.phase, find(last, "rotate_identity")], ["closed", undefined]);
  });

  it("believes an end only when HTTP confirms it", () => {
    const { one, give } = machine();
    give(...CONNECT);
    assertEquals(types(give({ type: "over_claimed", claim: "ended" })), ["confirm_over"]);
    const last = give({ type: "over_answered", over: true });
    assertEquals(types(last), ["emit_state", "emit_ended", "finish"]);
    assertEquals([find(last, "emit_ended")?.reason, find(last, "finish")?.failure], ["ended", undefined]);
    assertEquals(one.phase, "closed");
  });

  it("an end that HTTP does not confirm ends nothing", () => {
    const { one, give } = machine();
    give(...CONNECT, { type: "over_claimed", claim: "suspended" });
    for (const [index, delayMs] of CONFIRM_AGAIN_MS.entries()) {
      const over = index === 1 ? undefined : false;
      assertEquals(give({ type: "over_answered", over }), [{ type: "set_timer", name: "confirm", delayMs }]);
      assertEquals(types(give({ type: "timer", name: "confirm" })), ["confirm_over"]);
    }
    assertEquals(give({ type: "over_answered", over: false }), []);
    assertEquals(one.phase, "connected");
    assertEquals(types(give({ type: "over_claimed", claim: "ended" })), ["confirm_over"]);
  });

  it("asks once, however often the end is claimed", () => {
    const { give } = machine();
    give(...CONNECT, { type: "over_claimed", claim: "ended" });
    assertEquals(give({ type: "over_claimed", claim: "ended" }), []);
  });

  it("ends when the socket is gone and HTTP says not live, with the claim as the reason", () => {
    for (const [claim, reason] of [[undefined, "offline"], ["ended", "ended"], ["suspended", "suspended"]] as const) {
      const { give } = machine();
      give(...CONNECT);
      if (claim !== undefined) give({ type: "over_claimed", claim }, { type: "over_answered", over: false });
      const last = give(closed, retry, { type: "prepare_failed", error: offline });
      assertEquals([find(last, "emit_ended")?.reason, find(last, "finish")?.failure], [reason, undefined]);
    }
  });

  it("forgets a claim once the room resolves again", () => {
    const { one, give } = machine();
    give(...CONNECT, { type: "over_claimed", claim: "ended" }, closed, retry, { type: "prepared" });
    give({ type: "over_answered", over: true });
    assertEquals(one.phase, "connecting");
  });

  it("tries the next route at once when one refuses, and reports it", () => {
    const { one, give } = machine({ routes: ["direct", "signed", "polling"] });
    assertEquals(find(give({ type: "start" }, { type: "prepared" }), "open_route")?.route, "direct");
    const blocked = new LiveError("blocked", "Open: 403");
    const moved = give({ type: "refused", error: blocked });
    assertEquals(types(moved).filter((type) => !/timer/.test(type)), [
      "close_route",
      "report_route",
      "emit_state",
      "open_route",
    ]);
    assertEquals([find(moved, "open_route")?.route, find(moved, "emit_state")?.reason], [
      "signed",
      "direct refused: blocked: trying signed",
    ]);
    assertEquals(timerMs(moved, "opening")?.delayMs, SIGNED_OPENING_MS);
    assertEquals(find(give({ type: "timer", name: "opening" }), "open_route")?.route, "polling");
    const last = give({ type: "refused", error: new LiveError("empty_reply", "Poll: empty") });
    assertEquals([one.phase, timerMs(last, "retry")?.delayMs], ["waiting", 1000]);
    // A new round begins with the first route.
    assertEquals(find(give(retry, { type: "prepared" }), "open_route")?.route, "direct");
  });

  it("gives up with the most telling error when no route can ever work", () => {
    const { one, give } = machine({ routes: ["signed", "polling"] });
    const final = new LiveError("signer_failed", "Sign: wrong key", { retryable: false });
    give({ type: "start" }, { type: "prepared" }, { type: "refused", error: final });
    const last = give({ type: "refused", error: new LiveError("protocol", "Poll: no batch") });
    const error = find(last, "finish")?.failure?.error;
    assert(error instanceof LiveError);
    assertEquals([one.phase, error.code, error.evidence.routes?.length], ["closed", "signer_failed", 2]);
  });

  it("a refused device moves on and changes its identity for the next time", () => {
    const { give } = machine({ routes: ["direct", "signed"] });
    const moved = give({ type: "start" }, { type: "prepared" }, { type: "refused", error: deviceBlocked });
    assertEquals([types(moved).includes("rotate_identity"), moved.at(-2)], [true, {
      type: "open_route",
      route: "signed",
    }]);
  });

  it("waits for a route that asks for it when there is no other", () => {
    const { give } = machine({ routes: ["direct", "signed"] });
    const limited = new LiveError("rate_limited", "Sign: 429", { retryAfterMs: 50_000 });
    give({ type: "start" }, { type: "prepared" }, { type: "refused", error: limited });
    const last = give({ type: "refused", error: limited });
    assertEquals(timerMs(last, "retry")?.delayMs, 50_000);
  });

  it("disable_web_direct ends a live without another route, and leads to the next where there is one", () => {
    const off: MachineInput = { type: "server_close", reason: "disable_web_direct" };
    const failure = find(machine().give(...CONNECT, off), "finish")?.failure?.error;
    assertEquals(failure instanceof LiveError && [failure.code, failure.retryable], ["signer_failed", false]);
    const { give } = machine({ routes: ["direct", "signed"] });
    give(...CONNECT);
    assertEquals(find(give(off), "open_route")?.route, "signed");
    const again = give({ type: "opened" }, { type: "frame" });
    assertEquals(find(again, "emit_gap")?.reason, "reconnect");
    give({ type: "timer", name: "healthy" }, closed);
    // Direct is left alone for a while.
    assertEquals(find(give(retry, { type: "prepared" }), "open_route")?.route, "signed");
  });

  it("enters the host's new room on the same socket, and polls anew where there is none", () => {
    const { one, give } = machine();
    give(...CONNECT, { type: "over_claimed", claim: "ended" });
    const moved = give({ type: "over_answered", over: true, moved: true });
    assertEquals(types(moved), ["emit_state", "clear_timer", "switch_room"]);
    assertEquals(types(give({ type: "frame" })), ["emit_state", "emit_connected", "set_timer"]);
    assertEquals(one.phase, "connected");
    const polling = machine({ routes: ["polling"] });
    polling.give(...CONNECT, { type: "over_claimed", claim: "ended" });
    const commands = types(polling.give({ type: "over_answered", over: true, moved: true }));
    assertEquals(commands.filter((type) => type !== "clear_timer"), ["close_route", "emit_state", "prepare"]);
  });

  it("reconnects after any other close of TikTok's", () => {
    const { one, give } = machine();
    give(...CONNECT, { type: "server_close", reason: "maintenance" });
    assertEquals(one.phase, "waiting");
  });

  it("stops in any state, with the abort's reason or without", () => {
    const inputs: MachineInput[] = [...CONNECT, { type: "over_claimed", claim: "ended" }, closed, retry];
    for (let count = 0; count <= inputs.length; count++) {
      const plain = machine();
      plain.give(...inputs.slice(0, count));
      assertEquals(types(plain.give({ type: "stop" })), ["emit_state", "finish"]);
      assertEquals(plain.give(...inputs), []);
      const aborted = machine();
      aborted.give(...inputs.slice(0, count));
      const reason = new Error("enough");
      assertEquals(find(aborted.give({ type: "stop", aborted: { reason } }), "finish")?.failure, { error: reason });
    }
  });

  it("holds its promises for any history", () => {
    const input: fc.Arbitrary<MachineInput> = fc.oneof(
      fc.constantFrom<MachineInput>(
        { type: "start" },
        { type: "prepared" },
        { type: "opened" },
        { type: "frame" },
        closed,
        { type: "refused", error: network },
        { type: "refused", error: deviceBlocked },
        { type: "prepare_failed", error: network },
        { type: "prepare_failed", error: offline },
        { type: "over_claimed", claim: "ended" },
        { type: "over_answered", over: true },
        { type: "over_answered", over: true, moved: true },
        { type: "over_answered", over: false },
        { type: "over_answered", over: undefined },
        { type: "server_close", reason: "" },
        { type: "server_close", reason: "disable_web_direct" },
        { type: "refused", error: new LiveError("rate_limited", "x: y", { retryAfterMs: 90_000 }) },
        { type: "refused", error: new LiveError("signer_failed", "x: y", { retryable: false }) },
      ),
      fc.constantFrom<TimerName>("heartbeat", "opening", "stale", "healthy", "retry", "confirm").map((name) => ({
        type: "timer" as const,
        name,
      })),
    );
    const orders = fc.shuffledSubarray<RouteName>(["direct", "signed", "polling"], { minLength: 1 });
    fc.assert(fc.property(orders, fc.array(fc.tuple(input, fc.nat(40_000)), { maxLength: 60 }), (order, steps) => {
      const one = new ConnectionMachine({
        random: () => 0.5,
        canRotate: () => true,
        routes: new RouteHealth(order),
      });
      let [now, sockets, finished, connected, state] = [0, 0, false, false, "idle"];
      for (const [given, pauseMs] of [[{ type: "start" }, 0] as [MachineInput, number], ...steps]) {
        now += pauseMs;
        for (const command of one.handle(given, now)) {
          assert(!finished, "a command after finish");
          if (command.type === "open_route") {
            sockets++;
            connected = false;
            assert(sockets === 1, "two routes at once");
          }
          if (command.type === "switch_room") {
            assert(connected && sockets === 1, "no room to leave");
            connected = false;
          }
          if (command.type === "close_route") sockets--;
          if (command.type === "emit_connected") {
            assert(!connected && sockets === 1, "connected twice, or without a socket");
            connected = true;
          }
          if (command.type === "emit_gap") assert(command.from <= command.to);
          if (command.type === "set_timer") assert(command.delayMs > 0);
          if (command.type === "emit_state") {
            assertEquals(command.from, state);
            state = command.to;
          }
          finished = command.type === "finish";
        }
        assert(finished || (sockets >= 0 && sockets <= 1), `${sockets} sockets`);
        assert(finished || (sockets === 1) === (one.phase === "connecting" || one.phase === "connected"));
        assertEquals(state, one.phase);
      }
    }));
  });
});
