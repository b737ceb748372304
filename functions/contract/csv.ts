/** Tables as text (RFC 4180) that spreadsheets take for what they are. */

/** Spreadsheets take text that begins so for a formula, which could call out: it gets a quote in front. */
const FORMULA = /^[=+\-@\t\r\n]/;

/** One row, with its line end. Numbers and booleans stand as they are; what is neither these nor text is empty. */
export function csvRow(values: readonly unknown[]): string {
  return `${values.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : "";
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
