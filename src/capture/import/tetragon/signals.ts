const NAMES = (
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU " +
  "XFSZ VTALRM PROF WINCH IO PWR SYS"
).split(" ");

/** Number of "SIGKILL" as on x86 and arm64; 0 for an empty or unknown name. */
export function signalNumber(name: string): number {
  return name.startsWith("SIG") ? NAMES.indexOf(name.slice(3)) + 1 : 0;
}
