import type { BatchReader } from "../wire/decode.ts";
import { MixedBlock } from "./blocks.ts";
import { Sparse } from "./columns.ts";
import type { ImageIndex } from "./indexes.ts";
import { NONE } from "./indexes.ts";
import { interprets, type Program, programOf } from "./interpreters.ts";
import { resolvePath } from "./paths.ts";
import type { SharedText, SharedTexts } from "./shared-texts.ts";
import { Table } from "./table.ts";
import type { HeapText, Texts } from "./texts.ts";

/** Bits of `known`: how and how much of the image is known. */
export const IMAGE_KNOWN = {
  BEFORE_START: 1,
  POLLED: 2,
  UNVERIFIED: 4,
  ARGV_CUT: 8,
  /** Not all of the environment was looked at, or a variable is longer than what is kept. */
  ENV_CUT: 32,
  /** In a user namespace that is not the first: whoever made it may mount what it likes over any path. */
  USER_NAMESPACE: 64,
  /** The executable was written by a process of the same chain. */
  WRITTEN_BY_CHAIN: 16,
} as const;

/** Kinds of a standard descriptor: S_IFMT bits >> 12. */
export const STDIO = { CLOSED: 0, PIPE: 1, DEVICE: 2, FILE: 8, SOCKET: 12 } as const;

/** Offsets of its texts in a row of the wire. */
export interface ImageTexts {
  readonly exe: number;
  readonly cwd: number;
  readonly argv: number;
  readonly script: number;
  readonly env: number;
}

/**
 * What a process runs: one row per exec. A forked child shares its parent's row until it executes; the rows of a process are a list
 * through `previous`, which leads on into the images it inherited. Counted: the last holder frees the row.
 */
export class Images extends Table {
  /** Three floats and ten fields, 64 bytes. */
  readonly #rows = this.column(new MixedBlock(3, 10));
  readonly #ints = this.#rows.ints;
  readonly #floats = this.#rows.floats;
  readonly previous = this.#ints.field<ImageIndex>(6);
  readonly #holders = this.#ints.field(7);
  /** IMAGE_FLAG bits of the wire. */
  readonly flags = this.#ints.field(8);
  readonly known = this.#ints.field(9);
  /** Kind of fd 0, 1, 2 (STDIO), four bits each. */
  readonly stdio = this.#ints.field(10);
  /** Id of the process that executed it. */
  readonly processId = this.#floats.field(0);
  readonly atNs = this.#floats.field(1);
  /** Id of the executable's file; NaN = not known. */
  readonly fileId = this.#floats.field(2);
  /** Programs, scripts and folders are few. */
  readonly exe: SharedText;
  readonly cwd: SharedText;
  readonly script: SharedText;
  /** Arguments separated by NUL. */
  readonly argv: HeapText;
  /** Variables that load or run other code or say who asked for it, each ended by NUL. */
  readonly env: HeapText;
  /** Where an interpreter takes its program from, found when first asked for; null = it is none, or was run by a script's name. */
  readonly #programs: (Program | null | undefined)[] = [];
  /** `operand`, of those that were asked for. */
  readonly #operands: (string | undefined)[] = [];
  /** argv with blanks, made when first asked for. */
  readonly #command = this.column(new Sparse<string>(""));

  constructor(texts: Texts, shared: SharedTexts) {
    super();
    this.exe = shared.column(this.#ints.field(13));
    this.cwd = shared.column(this.#ints.field(14));
    this.script = shared.column(this.#ints.field(15));
    this.argv = texts.column(this, this.#ints.field(11));
    this.env = texts.column(this, this.#ints.field(12));
  }

  /** A row held once, by its process. Takes over the caller's hold on `previous`. */
  add(processId: number, previous: ImageIndex, atNs: number): ImageIndex {
    const row: ImageIndex = this.take();
    this.processId.set(row, processId);
    this.previous.set(row, previous);
    this.#holders.set(row, 1);
    this.atNs.set(row, atNs);
    this.fileId.set(row, Number.NaN);
    this.flags.set(row, 0);
    this.known.set(row, 0);
    this.stdio.set(row, 0);
    return row;
  }

  /** Takes over its texts from the reader's row. */
  read(row: ImageIndex, reader: BatchReader, { exe, cwd, argv, script, env }: ImageTexts): void {
    this.#setTexts(row, reader.text(exe), reader.text(cwd), reader.text(script));
    this.argv.read(row, reader.strings, reader.u32(argv));
    this.env.read(row, reader.strings, reader.u32(env));
  }

  #setTexts(row: ImageIndex, exe: string, cwd: string, script: string): void {
    this.exe.set(row, exe);
    this.cwd.set(row, cwd);
    this.script.set(row, script);
    this.#command.set(row, "");
    if (row < this.#programs.length) this.#programs[row] = undefined;
    if (row < this.#operands.length) this.#operands[row] = undefined;
  }

  hold(row: ImageIndex): void {
    this.#holders.set(row, this.#holders.get(row) + 1);
  }

  release(row: ImageIndex): void {
    for (let at = row; at !== NONE; ) {
      const holders = this.#holders.get(at) - 1;
      this.#holders.set(at, holders);
      if (holders > 0) return;
      const previous = this.previous.get(at);
      this.#setTexts(at, "", "", "");
      this.argv.clear(at);
      this.env.clear(at);
      this.give(at);
      at = previous;
    }
  }

  /** argv joined by blanks, without those at its end, as of a title that became shorter; empty when there is none. */
  command(row: ImageIndex): string {
    const known = this.#command.get(row);
    if (known !== "") return known;
    const raw = this.argv.get(row);
    const command = (raw.endsWith("\0") ? raw.slice(0, -1) : raw).replaceAll("\0", " ").trimEnd();
    this.#command.set(row, command);
    return command;
  }

  /** The script of an interpreter, by the kernel or as the first argument: a later word may be the value of an option. Absolute, or empty. */
  operand(row: ImageIndex): string {
    const known = this.#operands[row];
    if (known !== undefined) return known;
    const named = this.script.get(row) || (this.argv.get(row).split("\0", 2)[1] ?? "");
    const operand = named.startsWith("-") ? "" : resolvePath(named, this.cwd.get(row));
    this.#operands[row] = operand;
    return operand;
  }

  /** Where an image takes its program from when it is an interpreter that nothing but its command line tells the program of. */
  program(row: ImageIndex): Program | undefined {
    const known = this.#programs[row];
    if (known !== undefined) return known ?? undefined;
    const exe = this.exe.get(row);
    const named = this.script.get(row) === "" && interprets(exe);
    const program = named ? programOf(exe, this.argv.get(row).replace(/\0$/, "").split("\0")) : undefined;
    this.#programs[row] = program ?? null;
    return program;
  }

  wroteByChain(row: ImageIndex): boolean {
    return (this.known.get(row) & IMAGE_KNOWN.WRITTEN_BY_CHAIN) !== 0;
  }

  /** The kind (STDIO) of a standard descriptor at exec. */
  stdioKind(row: ImageIndex, fd: 0 | 1 | 2): number {
    return (this.stdio.get(row) >> (fd * 4)) & 15;
  }
}
