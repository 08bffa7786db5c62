/**
 * System calls that share a record kind, by their numbers on x86-64, arm64, i386 and 32-bit arm. Within one kind no number means two
 * calls, so that a recording needs not say where it was made.
 */
function numbers<Call extends string>(calls: Readonly<Record<Call, readonly number[]>>): (nr: number) => Call | "" {
  const byNumber = new Map<number, Call>();
  for (const call in calls) for (const nr of calls[call]) byNumber.set(nr, call);
  return (nr) => byNumber.get(nr) ?? "";
}

export const injectCall = numbers({
  ptrace: [101, 117, 26],
  process_vm_writev: [311, 271, 348, 377],
  pidfd_getfd: [438],
});

export const kernelCall = numbers({
  init_module: [175, 105, 128],
  finit_module: [313, 273, 350, 379],
  delete_module: [176, 106, 129],
  bpf: [321, 280, 357, 386],
});

export const namespaceCall = numbers({
  setns: [308, 268, 346, 375],
  unshare: [272, 97, 310, 337],
});

export const PTRACE = {
  TRACEME: 0,
  POKETEXT: 4,
  POKEDATA: 5,
  POKEUSR: 6,
  SETREGS: 13,
  ATTACH: 16,
  SETREGSET: 0x4205,
  SEIZE: 0x4206,
} as const;
