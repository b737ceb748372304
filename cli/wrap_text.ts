/** Text in rows of a terminal, where some characters take two columns and some none. */

/** Characters that terminals show two columns wide: East Asian scripts, and pictures. */
const WIDE =
  /^(?:\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Presentation}|\p{Regional_Indicator}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;

const CHARACTERS = new Intl.Segmenter();

/** Columns that a character takes. */
function widthOf(character: string): number {
  return WIDE.test(character) ? 2 : /^\p{Mark}/u.test(character) ? 0 : 1;
}

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** The beginning of a text that fits `columns`. */
export function cutText(text: string, columns: number): string {
  if (isPlain(text)) return text.slice(0, columns);
  let cut = "";
  let used = 0;
  for (const { segment } of CHARACTERS.segment(text)) {
    used += widthOf(segment);
    if (used > columns) break;
    cut += segment;
  }
  return cut;
}

/**
 * Breaks text into rows of at most `columns` columns: between words where a row stays more than half full, else between
 * characters as people see them.
 * @param indent begins every row but the first
 * @returns at least one row
 */
export function wrapText(text: string, columns: number, indent = ""): string[] {
  const rows: string[] = [];
  for (let left = text;;) {
    const begin = rows.length === 0 ? "" : indent;
    const fits = cutText(left, columns - begin.length);
    if (fits.length === left.length || fits === "") return [...rows, begin + left];
    const space = left[fits.length] === " " ? fits.length : fits.lastIndexOf(" ");
    const end = space > fits.length / 2 ? space : fits.length;
    rows.push(begin + left.slice(0, end));
    left = left.slice(end).trimStart();
  }
}
