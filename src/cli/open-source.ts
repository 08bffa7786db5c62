import { openLive } from "../capture/live/live-source.ts";
import { openProcfs } from "../capture/procfs/procfs-source.ts";
import { CaptureError, type EventSource } from "../capture/source.ts";

/** The kernel's events where they can be had, otherwise /proc; the source says what it lacks and why. Started. */
export function openSource(bpf: boolean): EventSource {
  let because: CaptureError | undefined;
  if (bpf) {
    try {
      return openLive();
    } catch (error) {
      if (!(error instanceof CaptureError)) {
        throw error;
      }
      because = error;
    }
  }
  const source = openProcfs(because === undefined ? {} : { because });
  source.start();
  return source;
}
