import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { Emitter } from "./emitter.ts";

type Events = { a: [value: number]; b: []; error: [failure: unknown] };

/** What all methods do to two emitters, told as one list. */
function play(emitter: Pick<Emitter<Events>, keyof Emitter<Events>>): unknown[] {
  const told: unknown[] = [];
  const one = (value: number) => void told.push(["one", value]);
  const two = (value: number) => void told.push(["two", value]);
  const late = () => void emitter.on("a", two);
  told.push(emitter.on("a", one).once("a", two).addListener("a", one) === emitter);
  told.push(emitter.listenerCount("a"), emitter.emit("a", 1), emitter.emit("a", 2), emitter.listenerCount("a"));
  emitter.off("a", one);
  told.push(emitter.listenerCount("a"), emitter.emit("a", 3));
  emitter.once("a", late).emit("a", 4);
  emitter.emit("a", 5);
  emitter.once("b", () => told.push("b")).removeListener("a", one).removeListener("a", one);
  told.push(emitter.listenerCount("a"), emitter.listenerCount("b"));
  emitter.removeAllListeners("a");
  told.push(emitter.listenerCount("a"), emitter.emit("a", 6), emitter.emit("b"), emitter.emit("b"));
  const three = (): void => void told.push("three");
  told.push(emitter.on("b", three).prependListener("b", late).prependOnceListener("b", three) === emitter);
  told.push(emitter.listeners("b").map((handler) => [three, late].indexOf(handler)), emitter.eventNames());
  told.push(emitter.listenerCount("b", three), emitter.listenerCount("b", late), emitter.rawListeners("b").length);
  told.push(emitter.emit("b"), emitter.listenerCount("b"), emitter.eventNames());
  emitter.off("a", two).off("b", late).off("b", three);
  told.push(emitter.eventNames(), emitter.listeners("a"));
  told.push(emitter.getMaxListeners(), emitter.setMaxListeners(30) === emitter, emitter.getMaxListeners());
  emitter.on("b", late).removeAllListeners();
  told.push(emitter.listenerCount("b"));
  return told;
}

describe("Emitter", () => {
  it("does what Node's does", () => {
    const told = play(new Emitter<Events>());
    assertEquals(told, play(new EventEmitter() as never));
    assertEquals(told.length > 15, true);
  });

  it("calls handlers with itself as this, and passes on what they throw", () => {
    const emitter = new Emitter<Events>();
    emitter.on("b", function (this: unknown) {
      assertEquals(this, emitter);
      throw new RangeError("mine");
    });
    assertInstanceOf(assertThrows(() => emitter.emit("b")), RangeError);
  });

  it("does not throw an error that nobody listens to, and takes only functions", () => {
    const emitter = new Emitter<Events>();
    assertEquals(emitter.emit("error", new Error("unheard")), false);
    assertInstanceOf(assertThrows(() => emitter.on("a", undefined as never)), TypeError);
    assertInstanceOf(assertThrows(() => emitter.setMaxListeners(-1)), RangeError);
  });
});
