import { statSync } from "node:fs";
import { hostname } from "node:os";
import { openImport } from "../capture/import/open-import.ts";
import { openLive } from "../capture/live/live-source.ts";
import { openProcfs } from "../capture/procfs/procfs-source.ts";
import { isRecording, openReplay } from "../capture/recording/replay.ts";
import { CaptureError, type EventSource } from "../capture/source.ts";
import type { Input } from "./args.ts";

export interface Opened {
  readonly source: EventSource;
  /** Name of the machine events come from; "" when a file does not tell, or not yet. */
  readonly hostname: () => string;
}

/** The file that was asked for, or this machine. Started. Throws CaptureError. */
export function open({ bpf, from }: Input): Opened {
  if (from === undefined) return { source: openMachine(bpf), hostname };
  const opened = openFile(from);
  opened.source.start();
  return opened;
}

export function openSource(input: Input): EventSource {
  return open(input).source;
}

function openFile(path: string): Opened {
  // A pipe is read once: of what is no file an importer makes what it can.
  if (isFile(path) && isRecording(path)) {
    const { source, recording } = openReplay(path);
    return { source, hostname: () => recording.info.host };
  }
  const source = openImport(path);
  return { source, hostname: () => source.host };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
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
