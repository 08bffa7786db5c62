const MARK = /^\p{M}$/u;
/** Made when it is first needed: the rules of all scripts are read then, a twentieth of the start. */
let segmenter: Intl.Segmenter | undefined;

const graphemes = (text: string): Intl.Segments => (segmenter ??= new Intl.Segmenter()).segment(text);

/** Code points two cells wide (Unicode East Asian Width W and F), without emoji, which sanitise removes. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
];

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (code < 0x300) {
    return 1;
  }
  if (MARK.test(grapheme)) {
    return 0;
  }
  if (code < 0x1100) {
    return 1;
  }
  for (const [first, last] of WIDE) {
    if (code < first) {
      return 1;
    }
    if (code <= last) {
      return 2;
    }
  }
  return 1;
}

/** Latin, and the arrows, boxes and signs of the screens: one cell each, and nothing that combines. */
const SIMPLE = /^[ -~\u00a0-\u02ff\u2010-\u2027\u2190-\u2bff]*$/u;

/** Terminal cells a sanitised string takes. */
export function textWidth(text: string): number {
  if (SIMPLE.test(text)) {
    return text.length;
  }
  let width = 0;
  for (const { segment } of graphemes(text)) {
    width += graphemeWidth(segment);
  }
  return width;
}

/** The longest start of a sanitised string that fits into `width` cells, never half a grapheme. */
export function takeWidth(text: string, width: number): string {
  if (SIMPLE.test(text)) {
    return text.slice(0, Math.max(width, 0));
  }
  let used = 0;
  for (const { segment, index } of graphemes(text)) {
    used += graphemeWidth(segment);
    if (used > width) {
      return text.slice(0, index);
    }
  }
  return text;
}

/** Cuts a sanitised string to `width` cells; what is cut is marked by an ellipsis. */
export function truncate(text: string, width: number, ellipsis = "…"): string {
  if (textWidth(text) <= width) {
    return text;
  }
  return width <= 0 ? "" : takeWidth(text, width - 1) + ellipsis;
}

/** Cuts the start off: the end of an address is its port. */
export function truncateStart(text: string, width: number, ellipsis = "…"): string {
  const total = textWidth(text);
  if (total <= width || width <= 1) {
    return truncate(text, width, ellipsis);
  }
  let cut = total - width + 1;
  while (textWidth(text) - textWidth(takeWidth(text, cut)) >= width) {
    cut += 1;
  }
  return ellipsis + text.slice(takeWidth(text, cut).length);
}

/** Cuts the middle out of a sanitised string: its beginning and its end say most about a command or a path. */
export function truncateMiddle(text: string, width: number, ellipsis = "…"): string {
  const total = textWidth(text);
  if (total <= width || width < 3) {
    return truncate(text, width, ellipsis);
  }
  const tail = Math.floor((width - 1) / 3);
  const head = takeWidth(text, width - 1 - tail);
  let end = takeWidth(text, total - tail);
  // A wide character at the cut may need one cell more than there is.
  while (textWidth(head) + 1 + textWidth(text.slice(end.length)) > width) {
    end = takeWidth(text, textWidth(end) + 2);
  }
  return head + ellipsis + text.slice(end.length);
}

/**
 * Cuts names out of the middle of a sanitised chain, whole ones, so that its first and as many of its last as there is room for stay.
 * Text that is no chain loses its end.
 */
export function truncateChain(text: string, width: number, link: string, ellipsis = "…"): string {
  const names = text.split(link);
  if (textWidth(text) <= width || names.length === 1) {
    return truncate(text, width, ellipsis);
  }
  const head = `${names[0]}${link}${ellipsis}`;
  const last = names.slice(1);
  while (last.length > 1 && textWidth([head, ...last].join(link)) > width) {
    last.shift();
  }
  const told = [head, ...last].join(link);
  return textWidth(told) <= width ? told : truncateStart(last.join(link), width, ellipsis);
}

/** Words into lines: the first of `first` cells, the others of `width`; a longer word is cut where the line ends. */
export function wrapWords(text: string, first: number, width = first): string[] {
  const lines: string[] = [];
  let line = "";
  const room = (): number => Math.max(lines.length === 0 ? first : width, 1);
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (textWidth(joined) <= room()) {
      line = joined;
      continue;
    }
    if (line !== "") {
      lines.push(line);
    }
    line = word;
    while (textWidth(line) > room()) {
      const part = takeWidth(line, room());
      if (part === "") {
        break;
      }
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}

/** Exactly `width` cells: cut with an ellipsis, or filled with blanks. */
export function fitWidth(text: string, width: number, align: "left" | "right" = "left", ellipsis = "…"): string {
  const cut = truncate(text, width, ellipsis);
  const fill = " ".repeat(Math.max(width - textWidth(cut), 0));
  return align === "left" ? cut + fill : fill + cut;
}
