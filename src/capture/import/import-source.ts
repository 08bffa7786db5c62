import type { EventSource, Feature, SourceStatus } from "../source.ts";
import type { ImportedFinding } from "./findings.ts";
import type { Format, Importer } from "./format.ts";
import type { LineReader } from "./line-reader.ts";
import { Output } from "./output.ts";
import { MalformedLine, type Problem, type Problems } from "./problems.ts";

/** Lines read between two looks at the clock: under a millisecond even where a line has 20 kB. */
const LINES = 32;
const NOTHING_LOST: ReadonlyMap<number, number> = new Map();

/** A file of another tool as a source. It is read while it is drained; what the wire has no rows for is asked for afterwards. */
export class ImportSource implements EventSource {
  readonly kind = "import";
  readonly #format: Format;
  readonly #reader: LineReader;
  readonly #problems: Problems;
  readonly #output: Output;
  readonly #importer: Importer;
  #work: Generator<void> | undefined;

  constructor(format: Format, reader: LineReader, problems: Problems) {
    this.#format = format;
    this.#reader = reader;
    this.#problems = problems;
    this.#output = new Output(problems);
    this.#importer = format.begin(this.#output);
  }

  start(): void {
    this.#work ??= this.#read();
  }

  drain(sink: (batch: Uint8Array) => void, budgetMs: number): boolean {
    const untilMs = performance.now() + budgetMs;
    while (this.#work !== undefined && performance.now() < untilMs) {
      if (this.#work.next().done) this.#work = undefined;
      if (this.#output.full) this.#hand(sink);
    }
    this.#hand(sink);
    return this.#work !== undefined;
  }

  /** A file has nothing newer. */
  refresh(): void {}

  status(): SourceStatus {
    const { name } = this.#format;
    const why = this.#problems.describe();
    const file: Feature =
      why === undefined
        ? { name: "file", hook: name, state: "ok" }
        : { name: "file", hook: name, state: "degraded", why, fix: "the rest of the file is shown" };
    const features: Feature[] = [file];
    for (const [kind, count] of this.#problems.ignored)
      features.push({ name: kind, hook: name, state: "missing", why: `${count} records have no place in the graph` });
    const status = { delivered: this.#output.delivered, lost: NOTHING_LOST, features };
    if (why === undefined) return status;
    return { ...status, limited: { why, missed: "what those lines tell", fix: "get the file again" } };
  }

  close(): void {
    this.#work = undefined;
    this.#reader.close();
  }

  /** Name of the format: "Spyderbat capture". */
  get format(): string {
    return this.#format.name;
  }

  /** Name of the machine the file is from; empty when it does not tell. */
  get host(): string {
    return this.#output.host;
  }

  /** How many places of the file could not be used so far, and the first of them. */
  get problems(): { readonly total: number; readonly first: readonly Problem[] } {
    return this.#problems;
  }

  /** Adds to what of the file could not be used. */
  addProblem(why: string): void {
    this.#problems.add(0, 0, why);
  }

  /** What the other tool concluded; complete when drain has returned false. */
  findings(): readonly ImportedFinding[] {
    return this.#output.findings;
  }

  /** Names of user ids on that machine, as far as the file tells. */
  users(): ReadonlyMap<number, string> {
    return this.#output.users;
  }

  /** Names of containers by cgroup path, as far as the file tells. */
  containers(): ReadonlyMap<string, string> {
    return this.#output.containers;
  }

  #hand(sink: (batch: Uint8Array) => void): void {
    for (const batch of this.#output.take()) sink(batch);
  }

  *#read(): Generator<void> {
    const reader = this.#reader;
    const importer = this.#importer;
    for (let count = 1; reader.next(); count++) {
      try {
        importer.line(reader);
      } catch (error) {
        if (!(error instanceof MalformedLine)) throw error;
        this.#problems.add(reader.line, reader.byte, error.message);
      }
      if (importer.due) yield* importer.rows(false);
      else if (count % LINES === 0) yield;
    }
    reader.close();
    yield* importer.rows(true);
  }
}
