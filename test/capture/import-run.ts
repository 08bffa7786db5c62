import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ImportSource } from "../../src/capture/import/import-source.ts";
import { openImport } from "../../src/capture/import/open-import.ts";
import { Monitor } from "../../src/core/monitor.ts";
import { originOf } from "../../src/core/origin/origin.ts";
import { connections } from "../../src/core/query/connections.ts";
import type { ConnectionRow, OriginChain, ProcessDetail, TreeRow } from "../../src/core/query/model.ts";
import { processDetail } from "../../src/core/query/process-detail.ts";
import { tree } from "../../src/core/query/tree.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";
import { HDR, KIND } from "../../src/core/wire/layout.gen.ts";

/** A file that is removed when the test ends. */
export function fileOf(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "spydertop-import-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "file");
  writeFileSync(path, content);
  return path;
}

/** A file imported to its end, and what the screens' queries say of it. */
export class Imported {
  readonly source: ImportSource;
  readonly monitor = new Monitor();
  /** Times of all rows but those of FORK, which is the child's start, in the order they came; ns since boot. */
  readonly timesNs: number[] = [];
  readonly rows: readonly TreeRow[];

  constructor(path: string) {
    this.source = openImport(path);
    onTestFinished(() => this.source.close());
    this.source.start();
    const reader = new BatchReader();
    const take = (batch: Uint8Array): void => {
      reader.open(batch);
      while (reader.next()) if (reader.kind !== KIND.FORK) this.timesNs.push(reader.number(HDR.time));
      this.monitor.ingest(batch);
    };
    while (this.source.drain(take, 10)) {}
    if (reader.malformed > 0 || reader.unknownKinds > 0) throw new Error("the batches are malformed");
    this.rows = tree(this.monitor, {
      layout: "tree",
      sort: "pid",
      descending: false,
      collapsed: new Set(),
      showKernelThreads: true,
      lingerNs: Number.POSITIVE_INFINITY,
      nowNs: this.monitor.nowNs,
    }).rows;
  }

  /** The tree as text: two blanks a level, pid and name. */
  get tree(): string {
    return this.rows.map(({ depth, pid, name }) => `${"  ".repeat(depth)}${pid} ${name}`).join("\n");
  }

  row(pid: number): TreeRow {
    const found = this.rows.find((row) => row.pid === pid);
    if (found === undefined) throw new Error(`no process ${pid} in\n${this.tree}`);
    return found;
  }

  detail(pid: number): ProcessDetail {
    const found = processDetail(this.monitor, this.row(pid).id);
    if (found === undefined) throw new Error(`no detail of ${pid}`);
    return found;
  }

  connections(pid?: number): readonly ConnectionRow[] {
    return connections(this.monitor, pid === undefined ? {} : { process: this.row(pid).id });
  }

  origin(pid: number): OriginChain {
    return originOf(this.monitor, { kind: "process", id: this.row(pid).id });
  }

  /** ms since 1970 of a time of the queries. */
  wall(atNs: number): string {
    return new Date(Math.round(this.monitor.graph.clock.wallOf(atNs))).toISOString();
  }
}

export function imported(content: string | Uint8Array | readonly (string | object)[]): Imported {
  if (typeof content === "string" || content instanceof Uint8Array) return new Imported(fileOf(content));
  return new Imported(fileOf(jsonLines(content)));
}

/** A line each; text as it is. */
export function jsonLines(lines: readonly (string | object)[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
}
