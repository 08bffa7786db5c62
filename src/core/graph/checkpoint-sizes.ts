import { STATE_CONNECTION, STATE_FILE, STATE_IMAGE, STATE_MARK, STATE_PROCESS } from "../wire/layout.gen.ts";
import type { Graph } from "./graph.ts";
import type { HeapText } from "./texts.ts";

/** Length and padding of a string, and the rounding of a batch's header over its rows. */
export const TEXT_BYTES = 8;

const length = (text: string): number => text.length + TEXT_BYTES;
const lengthIn = (column: HeapText, row: number): number => column.lengthOf(row) + TEXT_BYTES;

/** What rows take in a checkpoint, about, by table. */
export class StateSizes {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  readonly process = (row: number): number => STATE_PROCESS.SIZE + length(this.#graph.processes.comm.get(row));

  readonly image = (row: number): number => {
    const { exe, cwd, argv, script, env } = this.#graph.images;
    const names = length(exe.get(row)) + length(cwd.get(row)) + length(script.get(row));
    return STATE_IMAGE.SIZE + names + lengthIn(argv, row) + lengthIn(env, row);
  };

  readonly file = (row: number): number => STATE_FILE.SIZE + lengthIn(this.#graph.files.path, row);

  /** A further path of a file. */
  readonly name = (path: string): number => STATE_FILE.SIZE + length(path);

  readonly connection = (row: number): number => {
    const { path, name } = this.#graph.connections;
    return STATE_CONNECTION.SIZE + length(path.get(row)) + length(name.get(row));
  };

  readonly mark = (row: number): number => STATE_MARK.SIZE + length(this.#graph.marks.text.get(row));
}
