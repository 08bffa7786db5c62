/** Printable ASCII: nothing to do. */
const PLAIN = /^[ -~]*$/;

/**
 * Characters that move the cursor, change the terminal's state, reorder or hide text, or have no width all
 * terminals agree on: C0, DEL, C1, bidi controls, zero width, line separators, tags, variation selectors, unassigned,
 * private use, surrogates, and everything drawn as emoji.
 */
const HOSTILE =
  /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Emoji_Presentation}\p{Regional_Indicator}\p{Emoji_Modifier}]/gu;

/** More than this many combining marks on one character run over the lines above and below. */
const MARK_PILE = /(\p{M}{2})\p{M}+/gu;

/** Blanks other than U+0020 look like one and may have any width. */
const OTHER_SPACE = /(?! )\p{Zs}/gu;

function visible(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(0x2400 + code);
  }
  return code === 0x7f ? "␡" : "�";
}

/**
 * Makes a string from outside safe to draw: one line, no control, every hostile character replaced by a visible one
 * (ESC by ␛, newline by ␊, the rest by �). Idempotent.
 */
export function sanitise(text: string): string {
  if (PLAIN.test(text)) {
    return text;
  }
  return text.replace(HOSTILE, visible).replace(OTHER_SPACE, "␣").replace(MARK_PILE, "$1");
}
