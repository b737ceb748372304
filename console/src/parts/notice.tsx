import type { ComponentChildren } from "preact";
import { errorText } from "../format.ts";

/** Says that what is shown may be old, and why. Shows nothing while all is well. */
export function Trouble({ error }: { error: unknown }) {
  if (error === undefined) return null;
  return <p class="notice bad" role="alert">{errorText(error)}</p>;
}

/** What stands where there is nothing yet. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="notice">{children}</p>;
}
