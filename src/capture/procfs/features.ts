import { type HostProbe, OTHER_PROCESSES } from "../probe.ts";
import { programCommand } from "../program.ts";
import type { CaptureError, Feature, SourceStatus } from "../source.ts";

/** What the source's own account of itself is made from. */
export interface View {
  readonly probe: HostProbe;
  readonly because: CaptureError | undefined;
  readonly intervalMs: number;
  readonly table: { census(): { readonly processes: number; readonly unreadable: number } };
}

export function limitsOf(view: View): NonNullable<SourceStatus["limited"]> {
  const others = view.table.census().unreadable > 0 ? "; other users' files and sockets" : "";
  const hides = view.probe.checks.find(({ name, state }) => name === OTHER_PROCESSES && state !== "ok");
  const hidden = hides === undefined ? "" : `other users' processes (/proc: ${hides.detail}); `;
  return {
    why: reason(view),
    missed: `${hidden}what is shorter than ${seconds(view)}; files read; bytes per connection; who connected to whom first${others}`,
    fix: view.probe.blocker?.fix ?? view.because?.hint ?? `${programCommand()} doctor`,
  };
}

export function featuresOf(view: View): readonly Feature[] {
  const { fix } = limitsOf(view);
  const { processes, unreadable } = view.table.census();
  const polled = `looked at every ${seconds(view)}`;
  const hidden = unreadable === 0 ? "" : `; ${unreadable} of ${processes} processes are not ours to look into (EACCES)`;
  return [
    { name: "processes", hook: "/proc/pid/stat", state: "degraded", why: `${polled}: shorter ones are missed`, fix },
    unreadable === 0
      ? { name: "executables", hook: "/proc/pid/exe", state: "ok" }
      : { name: "executables", hook: "/proc/pid/exe", state: "degraded", why: hidden.slice(2), fix },
    {
      name: "connections",
      hook: "/proc/pid/net",
      state: "degraded",
      why: `${polled}, direction inferred${hidden}`,
      fix,
    },
    { name: "files", hook: "/proc/pid/fd", state: "degraded", why: `only those held open for writing${hidden}`, fix },
    {
      name: "local sockets",
      hook: "/proc/pid/net/unix",
      state: "degraded",
      why: "the other end is not shown there",
      fix,
    },
    { name: "bytes per connection", hook: "none", state: "missing", why: "not in /proc", fix },
  ];
}

/** A cause found by looking beats what the failed call guessed. */
function reason({ because, probe }: View): string {
  if (probe.blocker !== undefined) return `${probe.blocker.name}: ${probe.blocker.detail}`;
  return because === undefined ? "/proc was asked for" : `${because.message} (${because.code})`;
}

function seconds({ intervalMs }: View): string {
  return `${intervalMs / 1000} s`;
}
