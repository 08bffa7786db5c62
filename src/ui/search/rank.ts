import type { SearchEntry } from "../../core/query/model.ts";
import type { Term } from "./query.ts";

const KIND_RANK = { finding: 0, process: 1, connection: 2, channel: 3, file: 4 } as const;

/** Where a word was found, best first; the middle ones in what is shown of a process or finding. */
const WHERE = {
  name: 0,
  nameStart: 1,
  wordStart: 2,
  inside: 3,
  exitedName: 4,
  /** In the text of a connection, pipe or file. */
  otherStart: 5,
  otherInside: 6,
  /** In what is not shown: executable, cgroup, who touched a file. */
  beside: 7,
} as const;

/**
 * A living process by its own name before everything, then what begins a word, processes and connections before files,
 * living before gone. A file counts by its path: who touched it says little about it.
 */
export function rank(entries: readonly SearchEntry[], terms: readonly Term[], limit: number): SearchEntry[] {
  const word = terms.find((term) => term.field === undefined && !term.negated)?.text ?? "";
  const aboutProcesses = terms.some(({ field }) => field === "cmd" || field === "name");
  const port = terms.find(({ field, negated }) => field === "port" && !negated)?.text ?? PORT.exec(word)?.[1];
  const asPort = port === undefined ? undefined : new RegExp(`:${port}\\b`, "u");
  const score = (entry: SearchEntry): number => {
    const { kind } = entry.subject;
    if (asPort !== undefined) {
      const connects = kind === "connection" && asPort.test(entry.haystack);
      const listens = connects && !entry.text.includes(" -> ");
      return entry.live ? (listens ? 0 : connects ? 1 : kind === "process" ? 2 : 3) : 4;
    }
    if (aboutProcesses && kind === "process") {
      return entry.live ? 0 : 1;
    }
    return whereFound(entry, word) * 100 + KIND_RANK[kind] * 10 + (entry.live ? 0 : 1);
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

function whereFound({ subject, name, joined, text, haystack, live }: SearchEntry, word: string): number {
  if (word === "") {
    return WHERE.wordStart;
  }
  if (name === word || name?.startsWith(word) || joined?.startsWith(word)) {
    return !live ? WHERE.exitedName : name === word ? WHERE.name : WHERE.nameStart;
  }
  const at = haystack.indexOf(word);
  if (at < 0 || at + word.length > text.length) {
    return joined?.includes(word) ? WHERE.inside : WHERE.beside;
  }
  const start = at === 0 || !WORD.test(word[0] ?? "") || !WORD.test(haystack[at - 1] ?? "");
  if (subject.kind === "process" || subject.kind === "finding") {
    return start ? WHERE.wordStart : WHERE.inside;
  }
  return start ? WHERE.otherStart : WHERE.otherInside;
}
