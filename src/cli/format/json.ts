/** What a terminal obeys and what reorders or hides text; JSON.stringify escapes C0 alone. */
const UNSAFE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const ASCII = /^[\n -~]*$/u;

/** One line of JSON in which nothing is hidden or obeyed by a terminal; it parses to the same value. */
export function jsonLine(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** The same, indented for people. */
export function jsonText(value: unknown): string {
  return escaped(JSON.stringify(value, null, 2));
}

function escaped(json: string): string {
  return ASCII.test(json) ? json : json.replace(UNSAFE, unicode);
}

function unicode(text: string): string {
  return Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
    "",
  );
}
