import { openProcfs } from "../../src/capture/procfs/procfs-source.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";
import { HDR, IMAGE, KIND } from "../../src/core/wire/layout.gen.ts";

/** Run by the test of the same name under another user: prints what that user's source sees. */
const source = openProcfs();
const reader = new BatchReader();
const executables: Record<number, string> = {};
source.start();
source.drain((batch) => {
  reader.open(batch);
  while (reader.next()) if (reader.kind === KIND.PROCESS) executables[reader.u32(HDR.tgid)] = reader.text(IMAGE.exe);
}, 60_000);
const { limited, features } = source.status();
console.log(JSON.stringify({ pid: process.pid, executables, limited, features }));
