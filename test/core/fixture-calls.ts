import { parseAddress } from "../../src/core/text/address.ts";
import type { BatchWriter } from "../../src/core/wire/encode.ts";
import type { RowHead } from "../../src/core/wire/fields.ts";
import { KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { encodeUtf8 } from "../../src/core/wire/utf8.ts";

const S_IFSOCK = 0o140000n;
const PROCESS_VM_WRITEV = 311;
const PTRACE = 101;
const ATTACH = 16;
const FINIT_MODULE = 313;
const BPF = 321;
const SETNS = 308;
const CLONE_NEWNS = 0x20000;

/** What a process of a story does to others, to itself or to the kernel: one record each, by the words of the story. */
export const DEEDS: Readonly<Record<string, (writer: BatchWriter, head: RowHead) => void>> = {
  "maps code": (writer, head) => writer.call(KIND.MEMORY, { ...head, args: [0, 4096, 7, 0x22], nr: 9 }),
  "makes memfd": (writer, head) => writer.call(KIND.MEMORY, { ...head, path: "x", ret: 3, nr: 319 }),
  "loads module": (writer, head) => writer.call(KIND.KERNEL, { ...head, args: [3, 0, 0], nr: FINIT_MODULE }),
  "loads bpf": (writer, head) => writer.call(KIND.KERNEL, { ...head, args: [5, 0, 120], ret: 4, nr: BPF }),
  "enters mnt": (writer, head) => writer.call(KIND.NAMESPACE, { ...head, args: [3, CLONE_NEWNS], nr: SETNS }),
  "reaches below": (writer, head) =>
    writer.open({ ...head, path: "/dev/sdb", dev: 5, ino: 90, mode: 0o060600, open: OPEN_FLAG.WRITE, size: 8 << 20 }),
  "uses uring": (writer, head) => writer.call(KIND.URING, { ...head, nr: 16 }),
  "becomes root": (writer, head) =>
    writer.cred({ ...head, uid: 0, euid: 0, gid: 0, egid: 0, oldUid: 1000, oldEuid: 1000, how: 1 }),
  "is made root": (writer, head) =>
    writer.cred({ ...head, uid: 0, euid: 0, gid: 0, egid: 0, oldUid: 1000, oldEuid: 1000, how: 2 }),
};

export function injects(writer: BatchWriter, head: RowHead, targetPid: number): void {
  writer.call(KIND.INJECT, { ...head, args: [targetPid], ret: 8, targetPid, nr: PROCESS_VM_WRITEV });
}

export function attaches(writer: BatchWriter, head: RowHead, targetPid: number): void {
  writer.call(KIND.INJECT, { ...head, args: [ATTACH, targetPid], targetPid, nr: PTRACE });
}

export function signals(writer: BatchWriter, head: RowHead, target: RowHead, signal: number): void {
  writer.call(KIND.SIGNAL, { ...head, args: [signal], targetPid: target.pid, targetStartNs: target.startNs });
}

/** One side of the way of a socket over the local socket `over`. */
export function passes(writer: BatchWriter, head: RowHead, sent: boolean, over: number, socket: number): void {
  const what = (S_IFSOCK << 48n) | BigInt(socket);
  writer.call(KIND.FD_PASS, { ...head, args: [sent ? 1 : 2, over, 1, what] });
}

export interface Answer {
  readonly question: string;
  /** Owner, then what it stands for: an address, or another name. */
  readonly records: readonly (readonly [owner: string, value: string])[];
}

/** The message of a name server; names are written out. */
export function dnsMessage({ question, records }: Answer): Uint8Array {
  const out = [0x12, 0x34, 0x81, 0x80, 0, 1, 0, records.length, 0, 0, 0, 0, ...name(question), 0, 1, 0, 1];
  for (const [owner, value] of records) {
    const address = parseAddress(value);
    const v4 = address !== undefined && value.includes(".");
    const data = address === undefined ? name(value) : [...address.subarray(v4 ? 12 : 0)];
    out.push(...name(owner), 0, address === undefined ? 5 : v4 ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, data.length, ...data);
  }
  return Uint8Array.from(out);
}

function name(text: string): number[] {
  const labels = text.split(".").map((label) => encodeUtf8(label));
  return [...labels.flatMap((label) => [label.length, ...label]), 0];
}
