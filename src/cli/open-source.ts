import { openImport } from "../capture/import/open-import.ts";
import { openLive } from "../capture/live/live-source.ts";
import { openProcfs } from "../capture/procfs/procfs-source.ts";
import { isRecording, openReplay } from "../capture/recording/replay.ts";
import { CaptureError, type EventSource } from "../capture/source.ts";
import type { Input } from "./args.ts";

/** The file that was asked for, or this machine. Started. Throws CaptureError. */
export function openSource({ bpf, from }: Input): EventSource {
  if (from === undefined) return openMachine(bpf);
  const source = isRecording(from) ? openReplay(from).source : openImport(from);
  source.start();
  return source;
}

/** The kernel's events where they can be had, otherwise /proc; the source says what it lacks and why. */
function openMachine(bpf: boolean): EventSource {
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
