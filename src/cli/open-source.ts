import { accessSync, constants, statSync } from "node:fs";
import { getPriority, hostname, setPriority } from "node:os";
import { unreadable } from "../capture/file-error.ts";
import { openLive } from "../capture/live/live-source.ts";
import { CaptureError, type EventSource } from "../capture/source.ts";
import type { Input } from "./args.ts";

export interface Opened {
  readonly source: EventSource;
  /** Name of the machine events come from; "" when a file does not tell, or not yet. */
  readonly hostname: () => string;
}

/** The file that was asked for, or this machine. Started. Rejects with CaptureError. */
export async function open({ bpf, from }: Input): Promise<Opened> {
  if (from === undefined) return { source: await openMachine(bpf), hostname };
  const opened = await openFile(from);
  await opened.source.start();
  return opened;
}

export async function openSource(input: Input): Promise<EventSource> {
  return (await open(input)).source;
}

async function openFile(path: string): Promise<Opened> {
  // A pipe is read once: of what is no file an importer makes what it can.
  if (isFile(path)) {
    const { isRecording, openReplay } = await import("../capture/recording/replay.ts");
    if (isRecording(path)) {
      const { source, recording } = openReplay(path);
      return { source, hostname: () => recording.info.host };
    }
  }
  const { openImport } = await import("../capture/import/open-import.ts");
  const source = openImport(path);
  return { source, hostname: () => source.host };
}

/** Throws CaptureError when a file is not there, or not for us. */
export function mustBeReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Of a busy machine's processes the one that is kept waiting loses events. */
const AHEAD = -10;

/** Before others, unless it was started with another nice value than the usual, or is not permitted. */
function goFirst(): void {
  try {
    if (getPriority() === 0) setPriority(AHEAD);
  } catch {
    // What is lost for it is counted and shown.
  }
}

/** The kernel's events where they can be had, otherwise /proc; the source says what it lacks and why. */
export async function openMachine(bpf: boolean): Promise<EventSource> {
  let because: CaptureError | undefined;
  if (bpf) {
    try {
      const live = await openLive();
      goFirst();
      return live;
    } catch (error) {
      if (!(error instanceof CaptureError)) {
        throw error;
      }
      because = error;
    }
  }
  const { openProcfs } = await import("../capture/procfs/procfs-source.ts");
  const source = openProcfs(because === undefined ? {} : { because });
  source.start();
  return source;
}
