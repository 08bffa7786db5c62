/** Fields a term may name. `exact` fields compare whole words, the others look inside. */
const FIELDS = {
  pid: "exact",
  ppid: "exact",
  port: "exact",
  state: "exact",
  user: "start",
  name: "inside",
  cmd: "inside",
  cont: "inside",
  host: "inside",
  path: "inside",
  rule: "inside",
} as const;

export type Field = keyof typeof FIELDS;
const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[];

const ALIASES: Readonly<Record<string, Field>> = { container: "cont", ip: "host", file: "path", command: "cmd" };

export interface Term {
  readonly field?: Field;
  /** Lower case. */
  readonly text: string;
  readonly negated: boolean;
}

/** What a query is held against. */
export interface Searchable {
  /** Lower case. */
  readonly haystack: string;
  /** Lower-case values of a field; empty when the thing has no such field. */
  field(name: Field): readonly string[];
}

/**
 * "curl !root port:80": terms separated by blanks, all must hold; `!` negates, `field:` looks in one field only,
 * quotes keep blanks together. A term that is only begun (`port:`) holds for everything.
 */
export function parseQuery(text: string): readonly Term[] {
  const terms: Term[] = [];
  for (const [, negation, name, quoted, bare] of text
    .toLowerCase()
    .matchAll(/(!?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))?(?:\s+|$)/gu)) {
    const field = name === undefined ? undefined : fieldOf(name);
    const value = quoted ?? bare ?? "";
    // "10:30" or "http://x" is text, not a field.
    const whole = name !== undefined && field === undefined ? `${name}:${value}` : value;
    if (whole !== "") {
      terms.push({ ...(field === undefined ? {} : { field }), text: whole, negated: negation === "!" });
    }
  }
  return terms;
}

function fieldOf(name: string): Field | undefined {
  return ALIASES[name] ?? FIELD_NAMES.find((field) => field === name);
}

function fieldHolds(field: Field, values: readonly string[], text: string): boolean {
  switch (FIELDS[field]) {
    case "exact":
      return values.includes(text);
    case "start":
      return values.some((value) => value.startsWith(text));
    case "inside":
      return values.some((value) => value.includes(text));
  }
}

function termHolds(term: Term, thing: Searchable): boolean {
  const found =
    term.field === undefined
      ? thing.haystack.includes(term.text)
      : fieldHolds(term.field, thing.field(term.field), term.text);
  return found !== term.negated;
}

export function queryHolds(terms: readonly Term[], thing: Searchable): boolean {
  return terms.every((term) => termHolds(term, thing));
}
