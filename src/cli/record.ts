import { setTimeout as sleep } from "node:timers/promises";
import { runRecord, writeSnapshot } from "../capture/recording/commands.ts";
import { infoOf } from "../capture/recording/info.ts";
import { isRecording, openReplay } from "../capture/recording/replay.ts";
import { CONNECTION_FLAG } from "../core/graph/connections.ts";
import type { Graph } from "../core/graph/graph.ts";
import { PROCESS_FLAG } from "../core/graph/processes.ts";
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

/** "79 processes and 402 that exited, 44 connections and 73 that are closed". */
function stateText({ processes, connections }: Graph): string {
  let exited = 0;
  for (let row = 0; row < processes.limit; row++)
    if (processes.isLive(row) && processes.has(row, PROCESS_FLAG.EXITED)) exited++;
  let closed = 0;
  for (let row = 0; row < connections.limit; row++)
    if (connections.isLive(row) && connections.has(row, CONNECTION_FLAG.CLOSED)) closed++;
  return `${processes.count - exited} processes and ${exited} that exited, ${connections.count - closed} connections and ${closed} that are closed`;
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
    note(`${path}: ${stateText(session.monitor.graph)}, ${bytes} bytes`);
    return 0;
  } finally {
    source.close();
  }
}
