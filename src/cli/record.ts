import { setTimeout as sleep } from "node:timers/promises";
import { runRecord, writeSnapshot } from "../capture/recording/commands.ts";
import { infoOf } from "../capture/recording/info.ts";
import { isRecording, openReplay } from "../capture/recording/replay.ts";
import type { Input } from "./args.ts";
import { openSource } from "./open-source.ts";
import { interrupted, note } from "./output.ts";
import { createSession, follow } from "./session.ts";

/** Shares of a core need two samples. */
const SECOND_SAMPLE_MS = 500;

export function programVersion(): string {
  return process.env.SPYDERTOP_VERSION ?? "(not bundled)";
}

export interface RecordOptions {
  readonly path: string;
  readonly input: Input;
  /** End after so long. */
  readonly seconds?: number;
}

/** Records until SIGINT, SIGTERM or SIGHUP, or for as long as was asked. Resolves with the exit code. */
export async function record({ path, input, seconds }: RecordOptions): Promise<number> {
  const source = await openSource(input);
  // Until here there is nothing to clean up: a signal ends it at once.
  const stop = interrupted();
  const timer = seconds === undefined ? undefined : setTimeout(() => stop.abort(), seconds * 1000);
  try {
    return await runRecord({ path, source, version: programVersion() }, { note, stopped: stop.signal });
  } finally {
    clearTimeout(timer);
    source.close();
  }
}

/** Passes on what is told at most once a second, from the second second on. */
function everySecond(tell: (text: string) => void): (text: string) => void {
  let toldMs = performance.now();
  return (text) => {
    if (performance.now() - toldMs < 1_000) return;
    toldMs = performance.now();
    tell(text);
  };
}

/** Saves the present state, or that at the end of a file. Resolves with the exit code. */
export async function snapshot(path: string, input: Input): Promise<number> {
  const { from } = input;
  const replay = from !== undefined && isRecording(from) ? openReplay(from) : undefined;
  const source = replay?.source ?? (await openSource(input));
  try {
    const session = createSession(source, follow(input));
    await session.settle();
    if (from === undefined) {
      await sleep(SECOND_SAMPLE_MS);
      source.refresh();
      await session.settle();
    }
    const { signal: stopped } = interrupted();
    const bytes = await writeSnapshot(
      path,
      replay?.recording.info ?? infoOf(source, programVersion()),
      session.monitor,
      { told: everySecond((progress) => note(`${path}: ${progress}`)), stopped },
    );
    const { processes, connections } = session.monitor.graph;
    note(`${path}: ${processes.count} processes, ${connections.count} connections, ${bytes} bytes`);
    return 0;
  } finally {
    source.close();
  }
}
