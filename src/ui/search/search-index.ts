import Fuse from "fuse.js";
import type { ProcessId, ProcessRow, SearchEntry } from "../../core/query/model.ts";
import type { Names, Queries } from "../ports.ts";
import { editDistance, queryProblem } from "./mistyped.ts";
import { containerValues, type Field, parseQuery, queryHolds, type Searchable, type Term } from "./query.ts";

/** With fewer exact hits than this a typo is likely: the fuzzy tier is asked too. */
const FEW = 3;
/** The fuzzy tier costs about 4 µs an entry; beyond this many the newest are searched. */
const FUZZY_MOST = 10_000;
const FUZZY_SHORTEST = 3;
/** In a longer word two letters may be wrong. */
const LONG_WORD = 6;
/** Fuse looks for 32 characters at a time; what is longer was pasted, not mistyped. */
const FUZZY_LONGEST = 32;

export interface SearchResult {
  /** Best first. */
  readonly hits: readonly SearchEntry[];
  readonly total: number;
  readonly searched: number;
  /** How many of the hits came from the fuzzy tier; they are the last ones. */
  readonly fuzzy: number;
}

const KIND_RANK = { finding: 0, process: 1, connection: 2, channel: 3, file: 4 } as const;

/**
 * Search over everything the graph remembers. Tier 1 looks for the terms as they are; tier 2 (Fuse) forgives typing
 * errors and is asked only when tier 1 finds next to nothing. `moment` is that of the frame: answers of one moment are
 * of the same entries.
 */
export class SearchIndex {
  readonly #queries: Queries;
  readonly #names: Names;
  #moment = Number.NaN;
  #version = -1;
  #entries: readonly SearchEntry[] = [];
  #rows = new Map<ProcessId, ProcessRow | undefined>();
  #fuse = new Fuse<SearchEntry>([], FUSE_OPTIONS);
  #inFuse = new Set<string>();
  #answer: { text: string; limit: number; moment: number; result: SearchResult } | undefined;

  constructor(queries: Queries, names: Names) {
    this.#queries = queries;
    this.#names = names;
  }

  search(text: string, limit: number, moment: number): SearchResult {
    const known = this.#answer;
    if (known?.text === text && known.limit === limit && known.moment === moment) {
      return known.result;
    }
    const result = this.#search(text, limit, moment);
    this.#answer = { text, limit, moment, result };
    return result;
  }

  #search(text: string, limit: number, moment: number): SearchResult {
    this.#refresh(moment);
    const terms = parseQuery(text);
    const exact = this.#entries.filter((entry) => queryHolds(terms, this.#searchable(entry)));
    const ranked = rank(exact, terms, limit, (entry) => this.#row(entry)?.name);
    const forgiving = exact.length < FEW && queryProblem(text) === undefined;
    const fuzzy = forgiving ? this.#typos(terms, new Set(exact)).slice(0, limit - ranked.length) : [];
    return {
      hits: [...ranked, ...fuzzy],
      total: exact.length + fuzzy.length,
      searched: this.#entries.length,
      fuzzy: fuzzy.length,
    };
  }

  /** The processes that a filter keeps: they match themselves, or one of their connections, files or findings does. */
  processes(text: string, moment: number): ReadonlySet<ProcessId> {
    this.#refresh(moment);
    const terms = parseQuery(text);
    const found = new Set<ProcessId>();
    for (const entry of this.#entries) {
      if (entry.process !== undefined && queryHolds(terms, this.#searchable(entry))) {
        found.add(entry.process);
      }
    }
    return found;
  }

  /** The queries answer from another graph: what is known of this one is of no use, though the moment may be the same. */
  forget(): void {
    this.#moment = Number.NaN;
    this.#version = -1;
    this.#answer = undefined;
  }

  /** Collecting the entries costs more than searching them: once a moment, not once a key. */
  #refresh(moment: number): void {
    if (this.#moment !== moment && this.#queries.version !== this.#version) {
      this.#moment = moment;
      this.#version = this.#queries.version;
      this.#entries = this.#queries.entries();
      this.#rows.clear();
    }
  }

  #row(entry: SearchEntry): ProcessRow | undefined {
    const id = entry.process;
    if (id === undefined) {
      return undefined;
    }
    if (!this.#rows.has(id)) {
      this.#rows.set(id, this.#queries.process(id));
    }
    return this.#rows.get(id);
  }

  #searchable(entry: SearchEntry): Searchable {
    return { haystack: entry.haystack, field: (name) => this.#field(entry, name) };
  }

  #field(entry: SearchEntry, name: Field): readonly string[] {
    const { kind } = entry.subject;
    switch (name) {
      case "kind":
        return [kind];
      case "port":
        return kind === "connection" ? [...entry.haystack.matchAll(/:(\d+)\b/gu)].map((match) => match[1] ?? "") : [];
      case "host":
        return kind === "connection" ? [entry.haystack] : [];
      case "path":
        return kind === "file" ? [entry.haystack] : [];
      case "rule":
        return kind === "finding" ? [entry.haystack] : [];
      case "state":
        return [entry.live ? "live" : "exited"];
      case "pid":
      case "ppid":
      case "user":
      case "name":
      case "cmd":
      case "cont":
        return this.#processField(entry, name);
    }
  }

  #processField(entry: SearchEntry, name: "pid" | "ppid" | "user" | "name" | "cmd" | "cont"): readonly string[] {
    const row = this.#row(entry);
    if (row === undefined) {
      return [];
    }
    switch (name) {
      case "pid":
        return [String(row.pid)];
      case "ppid":
        return [String(row.ppid)];
      case "user":
        return [this.#names.user(row.uid).toLowerCase(), String(row.uid)];
      case "name":
        return [row.name.toLowerCase()];
      case "cmd":
        return [row.command.toLowerCase()];
      case "cont":
        return containerValues(this.#names, row.cgroup);
    }
  }

  #typos(terms: readonly Term[], known: ReadonlySet<SearchEntry>): readonly SearchEntry[] {
    const words = terms.filter((term) => term.field === undefined && !term.negated);
    const pattern = words.map((term) => term.text).join(" ");
    // Of a number every digit counts.
    if (pattern.length < FUZZY_SHORTEST || pattern.length > FUZZY_LONGEST || !/\p{L}/u.test(pattern)) {
      return [];
    }
    const others = terms.filter((term) => !words.includes(term));
    const current = this.#fill();
    const similar = this.#fuse
      .search(pattern, { limit: 50 })
      .map(({ item }) => current.get(keyOf(item)))
      .filter((entry) => entry !== undefined);
    const named = [...current.values()]
      .filter((entry) => entry.subject.kind === "process" && this.#nearlyNamed(entry, pattern))
      .sort((a, b) => Number(b.live) - Number(a.live))
      .slice(0, 50);
    return [...new Set([...named, ...similar])].filter(
      (entry) => !known.has(entry) && queryHolds(others, this.#searchable(entry)),
    );
  }

  /** Whether a process's name begins like a word, but for a slip of the finger or two, by the word's length. */
  #nearlyNamed(entry: SearchEntry, word: string): boolean {
    const name = this.#row(entry)?.name.toLowerCase() ?? "";
    return editDistance(word, name.slice(0, word.length)) <= (word.length > LONG_WORD ? 2 : 1);
  }

  /** Brings the fuzzy index up to date: new entries are added, and it is made afresh when half of it is stale. */
  #fill(): ReadonlyMap<string, SearchEntry> {
    const entries = this.#entries.slice(-FUZZY_MOST);
    const current = new Map(entries.map((entry) => [keyOf(entry), entry]));
    if (this.#inFuse.size > 2 * current.size + 100) {
      this.#fuse = new Fuse<SearchEntry>([], FUSE_OPTIONS);
      this.#inFuse = new Set();
    }
    for (const [key, entry] of current) {
      if (!this.#inFuse.has(key)) {
        this.#inFuse.add(key);
        this.#fuse.add(entry);
      }
    }
    return current;
  }
}

/** Lets two of six letters be wrong, so that swapped ones are forgiven; Fuse's own 0.6 returns half the list. */
const FUSE_OPTIONS = { keys: ["text"], threshold: 0.35, ignoreLocation: true, isCaseSensitive: false };

/** An entry whose text changed (a process that executed something else) is another one. */
function keyOf(entry: SearchEntry): string {
  return `${entry.subject.kind}/${entry.subject.id}/${entry.text}`;
}

/**
 * A process by its own name before everything, then what begins a word, processes and connections before files, living
 * before gone. A file counts by its path: who touched it says little about it.
 */
function rank(
  entries: readonly SearchEntry[],
  terms: readonly Term[],
  limit: number,
  nameOf: (entry: SearchEntry) => string | undefined,
): SearchEntry[] {
  const word = terms.find((term) => term.field === undefined && !term.negated)?.text ?? "";
  const aboutProcesses = terms.some(({ field }) => field === "cmd" || field === "name");
  const port = terms.find(({ field, negated }) => field === "port" && !negated)?.text ?? PORT.exec(word)?.[1];
  const score = (entry: SearchEntry): number => {
    const { kind } = entry.subject;
    if (port !== undefined) {
      const connects = kind === "connection" && new RegExp(`:${port}\\b`, "u").test(entry.haystack);
      const listens = connects && !entry.text.includes(" -> ");
      return entry.live ? (listens ? 0 : connects ? 1 : kind === "process" ? 2 : 3) : 4;
    }
    if (aboutProcesses && kind === "process") {
      return entry.live ? 0 : 1;
    }
    const text = entry.text.toLowerCase();
    const named = kind === "process" && word !== "" ? nameOf(entry)?.toLowerCase() : undefined;
    // A haystack begins with the text that is shown.
    const at = word === "" ? 0 : entry.haystack.indexOf(word);
    const start = at === 0 || (at > 0 && !WORD.test(entry.haystack[at - 1] ?? ""));
    const where = named === word ? 0 : named?.startsWith(word) ? 1 : !text.includes(word) ? 4 : start ? 2 : 3;
    return where * 100 + KIND_RANK[kind] * 10 + (entry.live ? 0 : 1);
  };
  const groups = Map.groupBy(entries, score);
  const best: SearchEntry[] = [];
  for (const key of [...groups.keys()].sort((a, b) => a - b)) {
    if (best.length >= limit) {
      break;
    }
    best.push(...(groups.get(key) ?? []).sort((a, b) => a.text.length - b.text.length));
  }
  return best.slice(0, limit);
}

/** A port alone. */
const PORT = /^:?(\d{1,5})$/u;
const WORD = /[a-z0-9]/u;
