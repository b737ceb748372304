import { countText } from "../format.ts";

/** Says how far the events of a long recording have been read. */
export function ReadProgress({ read, expected }: { read: number; expected: number | undefined }) {
  const of = expected === undefined ? "" : ` of ${countText(expected)}`;
  return (
    <div class="notice read-progress">
      <label>
        Chat and gifts are being read: {countText(read)}
        {of} so far. What is there can be used already.
        <progress value={expected === undefined ? undefined : read} max={expected} />
      </label>
    </div>
  );
}
