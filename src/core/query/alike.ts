import type { Graph } from "../graph/graph.ts";
import type { ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { PROCESS_FLAG } from "../graph/processes.ts";
import type { ProcessId } from "./model.ts";
import { commandOf } from "./names.ts";

/** Fewer runs of the same command stand for themselves, and fewer of one program with other arguments: nobody types so many. */
const FEWEST = 3;
const FEWEST_MIXED = 6;
/** Of what had more below it each one is its own. */
const MOST_BELOW = 8;
const FOLDS = 2 ** 45;
const MEMBERS = 2 ** 44;

/** Exited siblings that ran the same command, or one program, and ended alike, with all below them: the runs of a loop. */
export interface Fold {
  /** The same for as long as there are any, in every monitor: no id of a process. */
  readonly id: number;
  /** In display order. */
  readonly members: readonly ProcessIndex[];
  readonly open: boolean;
  /** Their arguments differ. */
  readonly mixed: boolean;
}

/** What a process ran and how it ended, and what it started: by whole commands, and by programs alone. */
interface Story {
  readonly commands: string;
  readonly programs: string;
}

/** What a fold that holds a process is opened by. Apart from every id. */
export const memberId = (process: ProcessId): number => -MEMBERS - process;

/** Finds what is alike among siblings. For one frame. */
export class AlikeSiblings {
  readonly #graph: Graph;
  readonly #unfolded: ReadonlySet<number>;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;

  constructor(graph: Graph, unfolded: ReadonlySet<number>, firstChild: Int32Array, nextSibling: Int32Array) {
    this.#graph = graph;
    this.#unfolded = unfolded;
    this.#firstChild = firstChild;
    this.#nextSibling = nextSibling;
  }

  /** The fold of each of the siblings that has one. */
  foldsOf(siblings: readonly ProcessIndex[], parent: ProcessIndex): ReadonlyMap<ProcessIndex, Fold> {
    const found = new Map<ProcessIndex, Fold>();
    const { processes } = this.#graph;
    const exited = siblings.filter((process) => processes.has(process, PROCESS_FLAG.EXITED));
    if (exited.length < FEWEST) return found;
    const stories = new Map<ProcessIndex, Story>();
    for (const process of exited) {
      const story = this.#story(process);
      if (story !== undefined) stories.set(process, story);
    }
    const by = (members: Iterable<ProcessIndex>, key: keyof Story): ProcessIndex[][] => [
      ...Map.groupBy(members, (process) => stories.get(process)?.[key]).values(),
    ];
    for (const runs of by(stories.keys(), "programs")) {
      const same = by(runs, "commands");
      for (const members of runs.length < FEWEST_MIXED ? same : [runs]) {
        if (members.length < FEWEST) continue;
        const mixed = members === runs && same.length > 1;
        const story = stories.get(members[0] as ProcessIndex)?.[mixed ? "programs" : "commands"];
        const id = -FOLDS - hash(`${identity(this.#graph, parent)}\0${story}`);
        const opened = members.some((process) => this.#unfolded.has(memberId(processes.id(process))));
        const fold = { id, members, open: opened || this.#unfolded.has(id), mixed };
        for (const process of members) found.set(process, fold);
      }
    }
    return found;
  }

  /** undefined when there is more to it that one should see. */
  #story(process: ProcessIndex): Story | undefined {
    const { processes } = this.#graph;
    if (!processes.has(process, PROCESS_FLAG.EXITED) || processes.severity.get(process) > 0) return undefined;
    const below: Story[] = [];
    let child = this.#firstChild[process] as number;
    for (; child !== NONE; child = this.#nextSibling[child] as number) {
      const story = below.length === MOST_BELOW ? undefined : this.#story(child);
      if (story === undefined) return undefined;
      below.push(story);
    }
    const how = `${processes.uid.get(process)} ${processes.exitCode.get(process)}`;
    const command = commandOf(this.#graph, process);
    const [program = ""] = command.split(" ", 1);
    return {
      commands: `${how} ${command}\0(${below.map(({ commands }) => commands).join()})`,
      programs: `${how} ${program}\0(${below.map(({ programs }) => programs).join()})`,
    };
  }
}

function identity({ processes }: Graph, process: ProcessIndex): string {
  if (process === NONE) return "";
  return [processes.tgid, processes.startHi, processes.startLo].map((field) => field.get(process)).join();
}

/** 44 bits: two of FNV-1a with different beginnings. */
function hash(text: string): number {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (let at = 0; at < text.length; at++) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(at), 0x01000193);
  }
  return (a >>> 0) * 2 ** 12 + (b & 0xfff);
}
