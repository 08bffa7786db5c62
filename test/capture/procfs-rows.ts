import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { openProcfs, type ProcfsOptions } from "../../src/capture/procfs/procfs-source.ts";
import type { EventSource } from "../../src/capture/source.ts";
import { formatEndpoint } from "../../src/core/text/address.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";
import { EXIT, FILE, HDR, IMAGE, KIND, MARK, PIPE, SOCK, TICK, UNIX } from "../../src/core/wire/layout.gen.ts";

/** A row as plain values: what all have, and what its kind adds. */
export interface Row {
  readonly kind: number;
  readonly pid: number;
  readonly startNs: number;
  readonly flags: number;
  readonly [field: string]: number | string | readonly number[];
}

const endpoint = new Uint8Array(16);

/** A procfs source and every row it handed over, oldest first. Closed when the test ends. */
export class Seen {
  readonly rows: Row[] = [];
  readonly source: EventSource;
  readonly reader = new BatchReader();

  /** Drains the first look took. */
  readonly drains: number;

  constructor(options: ProcfsOptions = {}, budgetMs = 1_000) {
    this.source = openProcfs(options);
    this.source.start();
    onTestFinished(() => this.source.close());
    let drains = 1;
    while (this.drain(budgetMs)) drains++;
    this.drains = drains;
  }

  drain(budgetMs: number): boolean {
    return this.source.drain((batch) => {
      this.reader.open(batch);
      while (this.reader.next()) this.rows.push(rowOf(this.reader));
    }, budgetMs);
  }

  of(kind: number, pid: number): Row[] {
    return this.rows.filter((row) => row.kind === kind && row.pid === pid);
  }

  /** Drains until `wanted` gives a row. */
  async until(wanted: (seen: Seen) => Row | undefined, refresh = true): Promise<Row> {
    const deadline = performance.now() + 8_000;
    for (;;) {
      if (refresh) this.source.refresh();
      this.drain(1_000);
      const row = wanted(this);
      if (row !== undefined) return row;
      if (performance.now() > deadline) throw new Error(`not seen; last rows: ${JSON.stringify(this.rows.slice(-20))}`);
      await sleep(10);
    }
  }
}

function rowOf(reader: BatchReader): Row {
  const head = { kind: reader.kind, pid: reader.u32(HDR.tgid), startNs: reader.number(HDR.start), flags: reader.flags };
  return { ...head, ...fieldsOf(reader) };
}

function fieldsOf(r: BatchReader): Record<string, number | string | readonly number[]> {
  switch (r.kind) {
    case KIND.PROCESS:
    case KIND.EXEC:
      return {
        exe: r.text(IMAGE.exe),
        argv: r.text(IMAGE.argv),
        cwd: r.text(IMAGE.cwd),
        comm: r.text(IMAGE.comm),
        cgroup: r.text(IMAGE.cgroupPath),
        parent: r.u32(IMAGE.parentTgid),
        parentStartNs: r.number(IMAGE.parentStart),
        uid: r.u32(IMAGE.uid),
        netns: r.u32(IMAGE.netns),
        image: r.u32(IMAGE.image),
        exeIno: r.number(IMAGE.exeIno),
        exeDev: r.u32(IMAGE.exeDev),
        stdio: [0, 1, 2].map((fd) => r.hi(IMAGE.stdio + fd * 8) >>> 16),
        argvLen: r.u32(IMAGE.argvLen),
        env: r.text(IMAGE.env),
        trunc: r.trunc,
      };
    case KIND.EXIT:
      return { code: r.u32(EXIT.code) };
    case KIND.TICK:
      return { cpuNs: r.number(TICK.cpuNs), rssBytes: r.number(TICK.rssBytes), threads: r.u32(TICK.threads) };
    case KIND.SOCKET:
    case KIND.CLOSE:
      return {
        local: addressOf(r, SOCK.laddr, SOCK.lport),
        remote: addressOf(r, SOCK.raddr, SOCK.rport),
        state: r.u8(SOCK.state),
        proto: r.u8(SOCK.proto),
        netns: r.u32(SOCK.netns),
        inode: r.number(SOCK.sock),
      };
    case KIND.UNIX_SOCKET:
      return { path: r.text(UNIX.path), state: r.u8(UNIX.state), inode: r.number(UNIX.sock) };
    case KIND.PIPE:
      return { inode: r.number(PIPE.ino), open: r.u32(PIPE.open), fd: r.u32(PIPE.fd) };
    case KIND.OPEN:
      return { path: r.text(FILE.path), open: r.u32(FILE.open), size: r.number(FILE.size) };
    case KIND.MARK:
      return { what: r.u32(MARK.what) };
    default:
      return {};
  }
}

function addressOf(reader: BatchReader, address: number, port: number): string {
  reader.copy(address, 16, endpoint, 0);
  return formatEndpoint(endpoint, 0, reader.u16(port));
}

/** Starts a real process that is killed when the test ends; resolves once it has printed its first line. */
export async function child(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ChildProcess & { pid: number }> {
  const process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], ...options });
  onTestFinished(() => void process.kill("SIGKILL"));
  await new Promise<void>((resolve, reject) => {
    process.once("error", reject);
    process.stdout.once("data", () => resolve());
    process.once("exit", (code) => reject(new Error(`${command} ended with ${code} before it was ready`)));
  });
  return process as ChildProcess & { pid: number };
}

/** Start of a living process as /proc gives it: ticks of 10 ms. */
export function startOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]) * 1e7;
}

export const isRoot = process.getuid?.() === 0;
