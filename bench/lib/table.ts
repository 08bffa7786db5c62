import type { Comparison } from "./baseline.ts";
import type { Row } from "./result.ts";

/** A number with the digits that mean something. */
export function figure(n: number): string {
  const size = Math.abs(n);
  if (size >= 1e6) return `${(n / 1e6).toFixed(2)}M`;
  if (size >= 10_000) return `${(n / 1e3).toFixed(1)}k`;
  if (size >= 100) return n.toFixed(0);
  return size >= 10 ? n.toFixed(1) : n.toFixed(2);
}

function aimed({ aim, value }: Row): string {
  if (aim?.under !== undefined) return `${value.median <= aim.under ? "ok" : "MISSED"} <= ${figure(aim.under)}`;
  if (aim?.over !== undefined) return `${value.median >= aim.over ? "ok" : "MISSED"} >= ${figure(aim.over)}`;
  return "";
}

const head = ["what", "watched by", "measure", "median", "middle half", "aim", "was", "remark"];

/** Lines of a plain table, one row each. */
export function table(rows: readonly { readonly row: Row; readonly comparison: Comparison | undefined }[]): string[] {
  const cells = rows.map(({ row, comparison }) => [
    row.subject,
    row.mode,
    row.measure,
    `${figure(row.value.median)} ${row.unit}`,
    row.value.samples > 1 ? `${figure(row.value.low)} .. ${figure(row.value.high)}` : "",
    aimed(row),
    comparison ? `${comparison.text}${comparison.worse ? " WORSE" : ""}` : "",
    [row.ratio, row.note].filter((part) => part !== undefined).join("; "),
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((line) => (line[i] as string).length)));
  const format = (line: readonly string[]) =>
    line
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join("  ")
      .trimEnd();
  return [format(head), format(widths.map((width) => "-".repeat(width))), ...cells.map(format)];
}
