import type { Names } from "../ports.ts";

/** Fields a term may name. `exact` fields compare whole words, the others look inside. */
const FIELDS = {
  kind: "exact",
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

/** "user:" for "us" or "!us": the name of the only field a word may begin; undefined when there are none or several. */
export function completeField(word: string): string | undefined {
  const [, negation = "", start = ""] = /^(!?)([a-z]+)$/u.exec(word) ?? [];
  const found = start === "" ? [] : FIELD_NAMES.filter((name) => name.startsWith(start));
  return found.length === 1 ? `${negation}${found[0]}:` : undefined;
}

/** Fields whose value is a number. */
export const NUMBERS: ReadonlySet<Field> = new Set(["pid", "ppid", "port"]);

const ALIASES: Readonly<Record<string, Field>> = { container: "cont", ip: "host", file: "path", command: "cmd" };

/** All names of fields. */
export const FIELD_WORDS: readonly string[] = [...FIELD_NAMES, ...Object.keys(ALIASES)];

export interface Term {
  readonly field?: Field;
  /** Lower case. */
  readonly text: string;
  readonly negated: boolean;
  /** The whole value must be the text, whatever the field. */
  readonly whole?: true;
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
 * `field:=` compares the whole value, quotes keep
 * blanks together. A term that is only begun (`port:`) holds for everything.
 */
export function parseQuery(text: string): readonly Term[] {
  const terms: Term[] = [];
  for (const { negated, name, equals, value } of termsOf(text)) {
    const field = name === undefined ? undefined : fieldOf(name);
    // "10:30" or "http://x" is text, not a field.
    const word = name !== undefined && field === undefined ? `${name}:${equals}${value}` : value;
    if (word !== "") {
      const whole = field !== undefined && equals === "=" ? ({ whole: true } as const) : {};
      terms.push({ ...(field === undefined ? {} : { field }), text: word, negated, ...whole });
    }
  }
  return terms;
}

/** The terms of a query as they were typed, in lower case; a name may be of no field. */
export function* termsOf(text: string): Generator<{ negated: boolean; name?: string; equals: string; value: string }> {
  for (const [, negation, name, equals = "", quoted, bare] of text
    .toLowerCase()
    .matchAll(/(!?)(?:([a-z]+):(=?))?(?:"([^"]*)"?|(\S+))?(?:\s+|$)/gu)) {
    yield { negated: negation === "!", ...(name === undefined ? {} : { name }), equals, value: quoted ?? bare ?? "" };
  }
}

export function fieldOf(name: string): Field | undefined {
  return ALIASES[name] ?? FIELD_NAMES.find((field) => field === name);
}

function fieldHolds(field: Field, values: readonly string[], { text, whole }: Term): boolean {
  switch (whole ? "exact" : FIELDS[field]) {
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
      : fieldHolds(term.field, thing.field(term.field), term);
  return found !== term.negated;
}

export function queryHolds(terms: readonly Term[], thing: Searchable): boolean {
  return terms.every((term) => termHolds(term, thing));
}

/** What `cont:` is compared with: name, id and short id of the container or unit, or the cgroup's path. */
export function containerValues(names: Names, cgroup: string): readonly string[] {
  const known = names.cgroup(cgroup);
  const values = known === undefined ? [cgroup] : [known.name, known.id, known.id.slice(0, SHORT_ID)];
  return values.map((value) => value.toLowerCase());
}

/** As much of a container's id as its engine prints. */
export const SHORT_ID = 12;
