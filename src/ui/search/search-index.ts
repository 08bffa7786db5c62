import type { ProcessId, ProcessRow, SearchEntry } from "../../core/query/model.ts";
import type { Names, Queries } from "../ports.ts";
import { queryProblem } from "./mistyped.ts";
import { containerValues, type Field, parseQuery, queryHolds, type Searchable } from "./query.ts";
import { rank } from "./rank.ts";
import { SimilarEntries } from "./similar.ts";

/** With fewer exact hits than this a typo is likely: the fuzzy tier is asked too. */
const FEW = 3;
/** The fuzzy tier looks through so many: processes, then the newest of everything else. */
const FUZZY_MOST = 15_000;
/** To collect so long and longer takes a tenth of the time at most. */
const COSTLY_MS = 50;
const REST = 10;
const FUZZY_SHORTEST = 3;
/** Fuse looks for 32 characters at a time; what is longer was pasted, not mistyped. */
const FUZZY_LONGEST = 32;

export interface SearchResult {
  /** Best first. */
  readonly hits: readonly SearchEntry[];
  readonly total: number;
  readonly searched: number;
  /** Files that were not looked through: too many. */
  readonly filesLeft: number;
  /** How many of the hits came from the fuzzy tier; they are the last ones. */
  readonly fuzzy: number;
  /** The fuzzy tier is still being asked. */
  readonly searching: boolean;
}

interface Answer {
  readonly text: string;
  readonly limit: number;
  readonly moment: number;
  result: SearchResult;
  /** The fuzzy tier, while it is being asked, and the result with what it found. */
  rest?: {
    similar: SimilarEntries;
    readonly withSimilar: (similar: readonly SearchEntry[], done: boolean) => SearchResult;
  };
}

/**
 * Search over everything the graph remembers. Tier 1 looks for the terms as they are; tier 2 (Fuse) forgives typing
 * errors and is asked only when tier 1 finds next to nothing, in slices: `work` until it is done. `moment` is that of the
 * frame: answers of one moment are of the same entries.
 */
export class SearchIndex {
  readonly #queries: Queries;
  readonly #names: Names;
  #moment = Number.NaN;
  #version = -1;
  #restUntilMs = 0;
  #entries: readonly SearchEntry[] = [];
  #filesLeft = 0;
  #rows = new Map<ProcessId, ProcessRow | undefined>();
  #answer: Answer | undefined;

  constructor(queries: Queries, names: Names) {
    this.#queries = queries;
    this.#names = names;
  }

  search(text: string, limit: number, moment: number): SearchResult {
    const known = this.#answer;
    if (known?.text === text && known.limit === limit && known.moment === moment) {
      return known.result;
    }
    const answer = this.#search(text, limit, moment);
    if (known?.text === text && known.limit === limit && answer.rest !== undefined) {
      // What was similar a moment ago stands until it is known again; where moments are short, that is found out to its end.
      answer.rest.similar = known.rest?.similar ?? answer.rest.similar;
      const { hits, fuzzy } = known.result;
      answer.result = answer.rest.withSimilar(hits.slice(hits.length - fuzzy), false);
    }
    this.#answer = answer;
    return answer.result;
  }

  /** Goes on with what the last search left to do, for at most budgetMs; true when its answer is another one now. */
  work(budgetMs: number): boolean {
    const answer = this.#answer;
    if (answer?.rest === undefined || !answer.rest.similar.work(budgetMs)) {
      return false;
    }
    answer.result = answer.rest.withSimilar(answer.rest.similar.hits, true);
    delete answer.rest;
    return true;
  }

  get searching(): boolean {
    return this.#answer?.rest !== undefined;
  }

  #search(text: string, limit: number, moment: number): Answer {
    this.#refresh(moment);
    const terms = parseQuery(text);
    const exact = this.#entries.filter((entry) => queryHolds(terms, this.#searchable(entry)));
    const ranked = rank(exact, terms, limit);
    const resultOf = (similar: readonly SearchEntry[], searching: boolean): SearchResult => ({
      hits: [...ranked, ...similar],
      total: exact.length + similar.length,
      searched: this.#entries.length,
      filesLeft: this.#filesLeft,
      fuzzy: similar.length,
      searching,
    });
    const answer: Answer = { text, limit, moment, result: resultOf([], false) };
    const words = terms.filter((term) => term.field === undefined && !term.negated);
    const pattern = words.map((term) => term.text).join(" ");
    if (exact.length >= FEW || !forgiven(pattern) || queryProblem(text) !== undefined) {
      return answer;
    }
    const others = terms.filter((term) => !words.includes(term));
    const known = new Set(exact.map(keyOf));
    const withSimilar = (similar: readonly SearchEntry[], done: boolean): SearchResult => {
      const more = similar.filter((entry) => !known.has(keyOf(entry)) && queryHolds(others, this.#searchable(entry)));
      return resultOf(more.slice(0, limit - ranked.length), !done);
    };
    const similar = new SimilarEntries(this.#forFuzzy(), pattern);
    return { ...answer, result: resultOf([], true), rest: { similar, withSimilar } };
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
    this.#restUntilMs = 0;
    this.#answer = undefined;
  }

  /** Collecting the entries costs more than searching them: once a moment, not once a key, and of very many seldomer. */
  #refresh(moment: number): void {
    const beganMs = performance.now();
    if (this.#moment === moment || this.#queries.version === this.#version || beganMs < this.#restUntilMs) {
      return;
    }
    this.#moment = moment;
    this.#version = this.#queries.version;
    const { entries, filesLeft } = this.#queries.entries();
    this.#entries = entries;
    this.#filesLeft = filesLeft;
    this.#rows.clear();
    const tookMs = performance.now() - beganMs;
    this.#restUntilMs = tookMs < COSTLY_MS ? 0 : beganMs + REST * tookMs;
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

  #forFuzzy(): readonly SearchEntry[] {
    const isProcess = (entry: SearchEntry): boolean => entry.subject.kind === "process";
    const processes = this.#entries.filter(isProcess);
    const others = this.#entries.filter((entry) => !isProcess(entry));
    return [...processes.slice(-FUZZY_MOST), ...others.slice(-Math.max(FUZZY_MOST - processes.length, 1))];
  }
}

const keyOf = ({ subject }: SearchEntry): string => `${subject.kind}/${subject.id}`;

/** Whether a pattern may be mistyped: of a number every digit counts. */
function forgiven(pattern: string): boolean {
  return pattern.length >= FUZZY_SHORTEST && pattern.length <= FUZZY_LONGEST && /\p{L}/u.test(pattern);
}
