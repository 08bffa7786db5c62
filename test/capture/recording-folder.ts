import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { FrameBuilder } from "../../src/capture/recording/frame-builder.ts";
import { Recorder, type RecorderOptions } from "../../src/capture/recording/recorder.ts";
import { RecordingWriter } from "../../src/capture/recording/writer.ts";
import { INFO } from "./recording-batches.ts";

const folders: string[] = [];
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** A folder that is removed after the file's tests. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "spydertop-recording-"));
  folders.push(path);
  return path;
}

/** Records batches to a new file; resolves with its path once it is closed. */
export async function recorded(batches: Iterable<Uint8Array>, options: RecorderOptions = {}): Promise<string> {
  const path = join(folder(), "x.spyt");
  const writer = RecordingWriter.create(path, INFO);
  const recorder = new Recorder(options);
  recorder.add(writer);
  for (const batch of batches) recorder.append(batch);
  await recorder.close();
  await writer.close();
  if (writer.failure !== undefined) throw writer.failure;
  return path;
}

/** A state that callers of a Recorder give it, in the simplest ways. */
export class State {
  #batches: Uint8Array[] = [];
  readonly #builder = new FrameBuilder();

  readonly checkpoint = (): Iterable<Uint8Array> => this.#batches;

  /** The batches; the state is all of them so far. */
  *everything(batches: Iterable<Uint8Array>): Generator<Uint8Array> {
    for (const batch of batches) {
      yield batch;
      this.#batches.push(batch.slice());
    }
  }

  /** The batches; the state is the last of them: small, as the state of a machine is. */
  *newest(batches: Iterable<Uint8Array>): Generator<Uint8Array> {
    for (const batch of batches) {
      yield batch;
      this.#builder.restart();
      this.#builder.add(batch);
      this.#batches = [this.#builder.take().bytes];
    }
  }
}
