import { Monitor } from "../../src/core/monitor.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";
import { HDR } from "../../src/core/wire/layout.gen.ts";

/** What is done with a batch: nothing beyond taking it over, reading every row, or putting it into the graph. */
export type Use = "rows" | "decode" | "graph";

/** A sink for batches that does this much. */
export function batchUser(use: Use): (batch: Uint8Array) => void {
  switch (use) {
    case "rows":
      return () => undefined;
    case "decode": {
      const reader = new BatchReader();
      let sum = 0;
      return (batch) => {
        if (reader.open(batch)) while (reader.next()) sum += reader.timeNs(HDR.time) + reader.kind;
        if (Number.isNaN(sum)) throw new Error("a time is not a number");
      };
    }
    case "graph": {
      const monitor = new Monitor();
      return (batch) => monitor.ingest(batch);
    }
  }
}
