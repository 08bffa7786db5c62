import { FIELD_WORDS, type Field, fieldOf, NUMBERS, termsOf } from "./query.ts";

/** What other tools call a field. */
const ELSEWHERE: Readonly<Record<string, Field>> = {
  uid: "user",
  owner: "user",
  comm: "name",
  proc: "name",
  process: "name",
  args: "cmd",
  addr: "host",
  address: "host",
  pod: "cont",
  unit: "cont",
  type: "kind",
  alert: "rule",
  status: "state",
};

/** Shorter names are near to too many words. */
const SHORTEST = 3;

/** The steps from one word to each beginning of another: a letter more, less or another, or two neighbours swapped. */
function distances(a: string, b: string): readonly number[] {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last;
}

export const editDistance = (a: string, b: string): number => distances(a, b)[b.length] ?? 0;

/** The fewest steps from a word to what a text begins with. */
export function distanceToStart(word: string, text: string): number {
  return Math.min(...distances(word, text.slice(0, word.length + 1)));
}

/** The word of those known that was most likely meant. */
export function nearest(name: string, words: readonly string[]): string | undefined {
  const most = name.length > 4 ? 2 : 1;
  const [best] = words
    .filter((word) => word.length >= SHORTEST)
    .map((word) => ({ word, distance: editDistance(name, word) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance);
  return best?.word;
}

const meant = (name: string): string | undefined => ELSEWHERE[name] ?? nearest(name, FIELD_WORDS);

/**
 * What is wrong with the fields of a query, in words with the fix: `no field "usr"; did you mean user:?`, `pid: wants a number`. A word before a
 * colon that is near to no field is text, as in localhost:80; so is what stands in quotes.
 */
export function queryProblem(text: string): string | undefined {
  for (const { name, value } of termsOf(text)) {
    const field = name === undefined || fieldOf(name) !== undefined || value.startsWith("//") ? undefined : meant(name);
    if (field !== undefined) {
      return `no field "${name}"; did you mean ${field}:?`;
    }
    const known = name === undefined ? undefined : fieldOf(name);
    if (known !== undefined && NUMBERS.has(known) && !/^\d*$/u.test(value)) {
      return `${name}: wants a number, not "${value}"`;
    }
  }
  return undefined;
}
