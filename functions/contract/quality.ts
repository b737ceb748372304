/**
 * Qualities that can be asked for: TikTok's own names, as the SDK's links have them, the best picture first.
 * @module
 */
export const QUALITIES = ["origin", "uhd", "hd", "sd", "ld"] as const;

/** A quality that can be asked for. */
export type Quality = (typeof QUALITIES)[number];
