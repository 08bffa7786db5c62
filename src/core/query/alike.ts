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

/** What is compared: whole commands, or programs alone. */
type By = "command" | "program";

/** What a fold that holds a process is opened by. Apart from every id. */
export const memberId = (process: ProcessId): number => -MEMBERS - process;

/** A number of a story is that of what a process ran, times this, and that of how it ended. */
const HOWS = 2 ** 20;
/** Beyond those of stories without anything below. */
const TREES = 2 ** 50;

/** Finds what is alike among siblings, by numbers: tens of thousands may have exited. For one frame. */
export class AlikeSiblings {
  readonly #graph: Graph;
  readonly #unfolded: ReadonlySet<number>;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  readonly #numbers = new Map<string | number, number>();
  readonly #programs = new Map<string, string>();

  constructor(graph: Graph, unfolded: ReadonlySet<number>, firstChild: Int32Array, nextSibling: Int32Array) {
    this.#graph = graph;
    this.#unfolded = unfolded;
    this.#firstChild = firstChild;
    this.#nextSibling = nextSibling;
  }

  /** The fold of each of the siblings that has one. */
  foldsOf(siblings: readonly ProcessIndex[], parent: ProcessIndex): ReadonlyMap<ProcessIndex, Fold> {
    const found = new Map<ProcessIndex, Fold>();
    const exited = siblings.filter((process) => this.#graph.processes.has(process, PROCESS_FLAG.EXITED));
    if (exited.length < FEWEST) return found;
    for (const runs of this.#alike(exited, "program")) {
      if (runs.length < FEWEST) continue;
      const same = this.#alike(runs, "command");
      const mixed = runs.length >= FEWEST_MIXED && same.length > 1;
      for (const members of mixed ? [runs] : same) {
        if (members.length < FEWEST) continue;
        const fold = this.#foldOf(members, parent, mixed);
        for (const process of members) found.set(process, fold);
      }
    }
    return found;
  }

  #foldOf(members: readonly ProcessIndex[], parent: ProcessIndex, mixed: boolean): Fold {
    const { processes } = this.#graph;
    const story = this.#story(members[0] as ProcessIndex, mixed ? "program" : "command");
    const id = -FOLDS - hash(`${identity(this.#graph, parent)}\0${story}`);
    const opened = members.some((process) => this.#unfolded.has(memberId(processes.id(process))));
    return { id, members, open: opened || this.#unfolded.has(id), mixed };
  }

  #alike(list: readonly ProcessIndex[], by: By): readonly ProcessIndex[][] {
    const groups = new Map<number, ProcessIndex[]>();
    for (const process of list) {
      const number = this.#storyNumber(process, by);
      const group = number === NONE ? undefined : groups.get(number);
      if (group !== undefined) group.push(process);
      else if (number !== NONE) groups.set(number, [process]);
    }
    return [...groups.values()];
  }

  /** The same for what ran alike, ended alike, and started alike; NONE when there is more to it that one should see. */
  #storyNumber(process: ProcessIndex, by: By): number {
    const { processes } = this.#graph;
    if (!processes.has(process, PROCESS_FLAG.EXITED) || processes.severity.get(process) > 0) return NONE;
    const how = this.#number(processes.uid.get(process) * 2 ** 16 + (processes.exitCode.get(process) & 0xffff));
    const own = this.#number(this.#ran(process, by)) * HOWS + how;
    let child = this.#firstChild[process] as number;
    if (child === NONE) return own;
    const below: number[] = [];
    for (; child !== NONE; child = this.#nextSibling[child] as number) {
      const number = below.length === MOST_BELOW ? NONE : this.#storyNumber(child, by);
      if (number === NONE) return NONE;
      below.push(number);
    }
    return TREES + this.#number(`${own}(${below.join()})`);
  }

  #number(of: string | number): number {
    let number = this.#numbers.get(of);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(of, number);
    }
    return number;
  }

  #ran(process: ProcessIndex, by: By): string {
    const command = commandOf(this.#graph, process);
    if (by === "command") return command;
    let program = this.#programs.get(command);
    if (program === undefined) {
      [program = ""] = command.split(" ", 1);
      this.#programs.set(command, program);
    }
    return program;
  }

  /** In words, which are the same in every frame. */
  #story(process: ProcessIndex, by: By): string {
    const { processes } = this.#graph;
    const below: string[] = [];
    let child = this.#firstChild[process] as number;
    for (; child !== NONE; child = this.#nextSibling[child] as number) below.push(this.#story(child, by));
    const how = `${processes.uid.get(process)} ${processes.exitCode.get(process)}`;
    return `${how} ${this.#ran(process, by)}\0(${below.join()})`;
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
