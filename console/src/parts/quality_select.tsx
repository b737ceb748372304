import { QUALITIES, type Quality } from "@roomtone/functions/client";

const NAMES: Readonly<Record<Quality, string>> = {
  origin: "best",
  uhd: "full HD",
  hd: "HD",
  sd: "SD",
  ld: "low",
};

/** The quality that a text names, if it names one. */
export function readQuality(value: unknown): Quality | undefined {
  return QUALITIES.find((each) => each === value);
}

/** The qualities that can be asked for, as choices. */
export function QualityOptions() {
  return <>{QUALITIES.map((each) => <option key={each} value={each}>{NAMES[each]}</option>)}</>;
}

/** The choice of a quality in a form; none is what the watchlist says. */
export function QualityField() {
  return (
    <label>
      Quality
      <select name="quality">
        <option value="">as watched</option>
        <QualityOptions />
      </select>
    </label>
  );
}
