/** Text in rows of a terminal, where some characters take two columns and some none. */

/** Characters that terminals show two columns wide: East Asian scripts, and pictures. */
const WIDE =
  /^(?:\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Presentation}|\p{Regional_Indicator}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;

const CHARACTERS = new Intl.Segmenter();

/**
 * Breaks text into rows of at most `columns` columns, between characters as people see them.
 * @param indent begins every row but the first
 * @returns at least one row
 */
export function wrapText(text: string, columns: number, indent = ""): string[] {
  // Plain letters need no counting.
  if (text.length <= columns && /^[\x20-\x7e]*$/.test(text)) return [text];
  const rows: string[] = [];
  let row = "";
  let used = 0;
  for (const { segment } of CHARACTERS.segment(text)) {
    const width = WIDE.test(segment) ? 2 : /^\p{Mark}/u.test(segment) ? 0 : 1;
    if (used + width > columns) {
      rows.push(row);
      row = indent;
      used = indent.length;
    }
    row += segment;
    used += width;
  }
  return [...rows, row];
}
