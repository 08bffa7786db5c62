import Fuse from "fuse.js";
import type { SearchEntry } from "../../core/query/model.ts";
import { distanceToStart } from "./mistyped.ts";

/** So many entries between two looks at the clock. */
const CHUNK = 250;
const MOST_HITS = 50;
/** In a longer word two letters may be wrong. */
const LONG_WORD = 6;

/** Lets two of six letters be wrong, so that swapped ones are forgiven; Fuse's own 0.6 returns half the list. */
const FUSE_OPTIONS = {
  keys: [{ name: "text", getFn: (entry: SearchEntry) => entry.joined ?? entry.text }],
  threshold: 0.35,
  ignoreLocation: true,
  isCaseSensitive: false,
  includeScore: true,
};

interface Similarity {
  readonly entry: SearchEntry;
  /** 0 = a process whose name and arguments begin like the pattern, 1 = Fuse found it. */
  readonly tier: 0 | 1;
  readonly score: number;
}

/**
 * What is written nearly like a pattern, but for a slip of the finger or two. Fuse takes some 5 µs an entry, so it is asked in
 * slices, and keys are answered between them.
 */
export class SimilarEntries {
  readonly #entries: readonly SearchEntry[];
  readonly #pattern: string;
  readonly #joined: string;
  readonly #found: Similarity[] = [];
  #at = 0;

  constructor(entries: readonly SearchEntry[], pattern: string) {
    this.#entries = entries;
    this.#pattern = pattern;
    this.#joined = pattern.replaceAll(" ", "");
  }

  /** Goes on for at most budgetMs, and a chunk; true when all was looked at. */
  work(budgetMs: number): boolean {
    const deadline = performance.now() + budgetMs;
    while (this.#at < this.#entries.length && performance.now() < deadline) {
      this.#look(this.#entries.slice(this.#at, this.#at + CHUNK));
      this.#at += CHUNK;
    }
    return this.#at >= this.#entries.length;
  }

  /** Names before arguments, living before exited, then by likeness. */
  get hits(): readonly SearchEntry[] {
    const gone = ({ entry }: Similarity): number => (entry.live ? 0 : 1);
    return this.#found
      .sort((a, b) => a.tier - b.tier || gone(a) - gone(b) || a.score - b.score)
      .slice(0, MOST_HITS)
      .map(({ entry }) => entry);
  }

  #look(chunk: readonly SearchEntry[]): void {
    const begun = new Set<SearchEntry>();
    for (const entry of chunk) {
      const distance =
        entry.joined === undefined ? Number.POSITIVE_INFINITY : distanceToStart(this.#joined, entry.joined);
      if (distance <= (this.#joined.length > LONG_WORD ? 2 : 1)) {
        begun.add(entry);
        this.#found.push({ entry, tier: 0, score: distance });
      }
    }
    const processes = chunk.filter(({ joined }) => joined !== undefined);
    const others = chunk.filter(({ joined }) => joined === undefined);
    for (const [entries, pattern] of [
      [processes, this.#joined],
      [others, this.#pattern],
    ] as const) {
      const similar = new Fuse(entries, FUSE_OPTIONS).search(pattern, { limit: MOST_HITS });
      for (const { item, score = 1 } of similar) {
        if (!begun.has(item)) this.#found.push({ entry: item, tier: 1, score });
      }
    }
  }
}
