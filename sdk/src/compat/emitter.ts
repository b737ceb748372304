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

/** Node's own. */
const DEFAULT_MOST_HANDLERS = 10;

/**
 * Calls handlers in the order in which they were added. Unlike in Node, an `error` event that nobody listens to does
 * not throw.
 */
export class Emitter<Events extends EventMap> {
  readonly #entries = new Map<keyof Events, readonly Entry[]>();
  #mostHandlers = DEFAULT_MOST_HANDLERS;

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
    if (index >= 0) this.#keep(name, entries.toSpliced(index, 1));
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

  /** Calls `handler` at each event, before those that are there already. */
  prependListener<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): this {
    return this.#add(name, { handler, once: false }, true);
  }

  /** Calls `handler` at the next event only, before those that are there already. */
  prependOnceListener<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): this {
    return this.#add(name, { handler, once: true }, true);
  }

  /** Number of handlers of an event; with `handler`, how often that one is among them. */
  listenerCount<Name extends keyof Events>(name: Name, handler?: Handler<Events[Name]>): number {
    const entries = this.#entries.get(name) ?? [];
    return handler === undefined ? entries.length : entries.filter((entry) => entry.handler === handler).length;
  }

  /** Handlers of an event, in the order of calling. */
  listeners<Name extends keyof Events>(name: Name): Handler<Events[Name]>[] {
    return (this.#entries.get(name) ?? []).map((entry) => entry.handler as Handler<Events[Name]>);
  }

  /** The same as {@link Emitter.listeners}: handlers are kept as they were given. */
  rawListeners<Name extends keyof Events>(name: Name): Handler<Events[Name]>[] {
    return this.listeners(name);
  }

  /** Names of the events that have handlers. */
  eventNames(): (keyof Events)[] {
    return [...this.#entries.keys()];
  }

  /** Keeps the number; there is no warning that it would silence. */
  setMaxListeners(most: number): this {
    if (typeof most !== "number" || !(most >= 0)) {
      throw new RangeError("Cannot set the most handlers: it must be a number from 0 up");
    }
    this.#mostHandlers = most;
    return this;
  }

  /** What {@link Emitter.setMaxListeners} was told last. */
  getMaxListeners(): number {
    return this.#mostHandlers;
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

  #add(name: keyof Events, entry: Entry, first = false): this {
    if (typeof entry.handler !== "function") {
      throw new TypeError(`Cannot listen to '${String(name)}': the handler must be a function`);
    }
    const entries = this.#entries.get(name) ?? [];
    this.#entries.set(name, first ? [entry, ...entries] : [...entries, entry]);
    return this;
  }

  #remove(name: keyof Events, entry: Entry): void {
    this.#keep(name, (this.#entries.get(name) ?? []).filter((one) => one !== entry));
  }

  #keep(name: keyof Events, entries: readonly Entry[]): void {
    if (entries.length === 0) this.#entries.delete(name);
    else this.#entries.set(name, entries);
  }
}
