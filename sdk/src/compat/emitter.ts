/**
 * Handlers by event name, as scripts know them from Node's `EventEmitter`, on every runtime.
 * @module
 */

/** Arguments of each event, by its name. */
export type EventMap = { readonly [name: string]: readonly unknown[] };

/** A handler of one event. */
export type Handler<Args extends readonly unknown[]> = (...args: Args) => void;

interface Entry {
  /** What was passed to `on` or `once`. */
  handler: Handler<never>;
  once: boolean;
}

/**
 * Calls handlers in the order in which they were added. Unlike in Node, an `error` event that nobody listens to does
 * not throw.
 */
export class Emitter<Events extends EventMap> {
  readonly #entries = new Map<keyof Events, readonly Entry[]>();

  /** Calls `handler` at each event; the same handler added twice is called twice. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): this {
    return this.#add(name, { handler, once: false });
  }

  /** The same as {@link Emitter.on}. */
  addListener<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): this {
    return this.on(name, handler);
  }

  /** Calls `handler` at the next event only. */
  once<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): this {
    return this.#add(name, { handler, once: true });
  }

  /** Takes off the handler that was added last, of those that are this function. */
  off<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): this {
    const entries = this.#entries.get(name) ?? [];
    const index = entries.findLastIndex((entry) => entry.handler === handler);
    if (index >= 0) this.#entries.set(name, entries.toSpliced(index, 1));
    return this;
  }

  /** The same as {@link Emitter.off}. */
  removeListener<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): this {
    return this.off(name, handler);
  }

  /** Takes off all handlers of one event, or of all events. */
  removeAllListeners(name?: keyof Events): this {
    if (name === undefined) this.#entries.clear();
    else this.#entries.delete(name);
    return this;
  }

  /** Number of handlers of an event. */
  listenerCount(name: keyof Events): number {
    return this.#entries.get(name)?.length ?? 0;
  }

  /**
   * Calls the handlers of an event; those that are added or taken off meanwhile count from the next event on.
   * @returns whether there was one
   * @throws what a handler throws; the ones after it are then not called
   */
  emit<Name extends keyof Events>(name: Name, ...args: Events[Name]): boolean {
    const entries = this.#entries.get(name) ?? [];
    for (const entry of entries) {
      if (entry.once) this.#remove(name, entry);
      entry.handler.call(this, ...args as never);
    }
    return entries.length > 0;
  }

  #add(name: keyof Events, entry: Entry): this {
    if (typeof entry.handler !== "function") {
      throw new TypeError(`Cannot listen to '${String(name)}': the handler must be a function`);
    }
    this.#entries.set(name, [...this.#entries.get(name) ?? [], entry]);
    return this;
  }

  #remove(name: keyof Events, entry: Entry): void {
    this.#entries.set(name, (this.#entries.get(name) ?? []).filter((one) => one !== entry));
  }
}
