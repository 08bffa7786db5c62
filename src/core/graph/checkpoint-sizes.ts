import { STATE_CONNECTION, STATE_FILE, STATE_IMAGE, STATE_MARK, STATE_PROCESS } from "../wire/layout.gen.ts";
import type { Graph } from "./graph.ts";

/** Length and padding of a string, and the rounding of a batch's header over its rows. */
export const TEXT_BYTES = 8;

const length = (text: string): number => text.length + TEXT_BYTES;

/** What rows take in a checkpoint, about, by table. */
export class StateSizes {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  readonly process = (row: number): number => STATE_PROCESS.SIZE + length(this.#graph.processes.comm.get(row));

  readonly image = (row: number): number => {
    const { exe, cwd, argv, script, env } = this.#graph.images;
    let bytes: number = STATE_IMAGE.SIZE;
    for (const text of [exe, cwd, argv, script, env]) bytes += length(text.get(row));
    return bytes;
  };

  readonly file = (row: number): number => this.name(this.#graph.files.path.get(row));

  /** A further path of a file. */
  readonly name = (path: string): number => STATE_FILE.SIZE + length(path);

  readonly connection = (row: number): number => {
    const { path, name } = this.#graph.connections;
    return STATE_CONNECTION.SIZE + length(path.get(row)) + length(name.get(row));
  };

  readonly mark = (row: number): number => STATE_MARK.SIZE + length(this.#graph.marks.text.get(row));
}
