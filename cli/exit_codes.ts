/** How commands end, for the overview and the docs. */

/** By code, in the order in which people meet them. */
export const EXIT_CODES: readonly [code: number, meaning: string][] = [
  [0, "done"],
  [1, "failed, or a name of several did"],
  [2, "the command line is wrong"],
  [130, "interrupted"],
];
