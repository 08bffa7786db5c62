/** System calls that make rows, under one name on every architecture. */
export type Call =
  | "execve"
  | "fork"
  | "exit"
  | "socket"
  | "bind"
  | "listen"
  | "connect"
  | "accept"
  | "send"
  | "close"
  | "open"
  | "openat"
  | "openat2"
  | "creat"
  | "chmod"
  | "fchmodat"
  | "rename"
  | "unlink"
  | "link";

type Table = ReadonlyMap<number, Call>;

const X86_64: Table = new Map<number, Call>([
  [2, "open"],
  [3, "close"],
  [41, "socket"],
  [42, "connect"],
  [43, "accept"],
  [44, "send"],
  [46, "send"],
  [49, "bind"],
  [50, "listen"],
  [56, "fork"],
  [57, "fork"],
  [58, "fork"],
  [59, "execve"],
  [82, "rename"],
  [85, "creat"],
  [86, "link"],
  [87, "unlink"],
  [90, "chmod"],
  [91, "chmod"],
  [231, "exit"],
  [257, "openat"],
  [263, "unlink"],
  [264, "rename"],
  [265, "link"],
  [268, "fchmodat"],
  [288, "accept"],
  [316, "rename"],
  [322, "execve"],
  [435, "fork"],
  [437, "openat2"],
  [452, "fchmodat"],
]);

/** arm64 and riscv64. */
const GENERIC: Table = new Map<number, Call>([
  [35, "unlink"],
  [37, "link"],
  [38, "rename"],
  [52, "chmod"],
  [53, "fchmodat"],
  [56, "openat"],
  [57, "close"],
  [94, "exit"],
  [198, "socket"],
  [200, "bind"],
  [201, "listen"],
  [202, "accept"],
  [203, "connect"],
  [206, "send"],
  [211, "send"],
  [220, "fork"],
  [221, "execve"],
  [242, "accept"],
  [276, "rename"],
  [281, "execve"],
  [435, "fork"],
  [437, "openat2"],
  [452, "fchmodat"],
]);

/** x86 and, but for a few, 32-bit arm. */
const I386: Table = new Map<number, Call>([
  [2, "fork"],
  [5, "open"],
  [6, "close"],
  [8, "creat"],
  [9, "link"],
  [10, "unlink"],
  [11, "execve"],
  [15, "chmod"],
  [38, "rename"],
  [94, "chmod"],
  [120, "fork"],
  [190, "fork"],
  [252, "exit"],
  [295, "openat"],
  [301, "unlink"],
  [302, "rename"],
  [303, "link"],
  [306, "fchmodat"],
  [353, "rename"],
  [358, "execve"],
  [359, "socket"],
  [361, "bind"],
  [362, "connect"],
  [363, "listen"],
  [364, "accept"],
  [369, "send"],
  [370, "send"],
  [435, "fork"],
  [437, "openat2"],
  [452, "fchmodat"],
]);

/** AUDIT_ARCH_*, as the log has them. */
const ARCHITECTURES: ReadonlyMap<string, Table> = new Map([
  ["c000003e", X86_64],
  ["c00000b7", GENERIC],
  ["c00000f3", GENERIC],
  ["40000003", I386],
]);

export function callOf(arch: string, nr: number): Call | undefined {
  return ARCHITECTURES.get(arch)?.get(nr);
}
