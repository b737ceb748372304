/** How a wrong command line is reported; apart from the other options, since the overview needs it. */

/** The command line cannot be right; the usage text says how it goes. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly usage: string;

  constructor(message: string, usage: string) {
    super(message);
    this.usage = usage;
  }
}
