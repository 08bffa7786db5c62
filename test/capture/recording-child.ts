// A process that records, for tests that end it:
//
//     recording-child.ts forever FILE    records until it is killed; prints "." for every batch that was written
//     recording-child.ts full FILE       records until the disk is full; prints what it was told as JSON

import { Recorder } from "../../src/capture/recording/recorder.ts";
import { RecordingWriter } from "../../src/capture/recording/writer.ts";
import { activity, INFO } from "./recording-batches.ts";

const [, , mode, path = ""] = process.argv;
let told = 0;
const writer = RecordingWriter.create(path, INFO, { syncMs: 0, onFailure: () => told++ });
const recorder = new Recorder({ frameMs: 300, segmentBytes: 100_000 });
recorder.add(writer);
const batches = activity({ batches: 1_000_000, rowsPerBatch: 40 });

switch (mode) {
  case "forever":
    for (const batch of batches) {
      recorder.append(batch);
      await recorder.flush();
      await writer.drained();
      if (!process.stdout.write(".")) await new Promise((resolve) => process.stdout.once("drain", resolve));
    }
    break;
  case "full": {
    for (const batch of batches) {
      recorder.append(batch);
      await recorder.flush();
      await writer.drained();
      if (writer.failure !== undefined) break;
    }
    for (const batch of activity({ batches: 100 })) recorder.append(batch);
    await recorder.close();
    await writer.close();
    const { code, message, hint } = writer.failure!;
    const { bytes, records: events } = writer.stats();
    process.stdout.write(JSON.stringify({ code, message, hint, told, bytes, events, appendedAfter: true }));
    break;
  }
}
