import { setImmediate } from "node:timers/promises";
import type { Monitor } from "../../core/monitor.ts";

/** Work between two looks at the keyboard. */
const SLICE_MS = 8;

/**
 * The state of a monitor as batches, about limitBytes at most, made in slices so that keys are answered meanwhile. The monitor is held:
 * until it is done nobody feeds it. Whoever waits for the result goes on before anything else can be taken in. `told` is called
 * with the bytes made so far; what it throws ends it.
 */
export async function stateOf(
  monitor: Monitor,
  limitBytes: number,
  told: (bytes: number) => void = () => undefined,
): Promise<readonly Uint8Array[]> {
  monitor.hold();
  // What is being taken in now still belongs to it.
  await setImmediate();
  const state: Uint8Array[] = [];
  let bytes = 0;
  try {
    let pauseMs = performance.now() + SLICE_MS;
    for (const batch of monitor.checkpointInSteps(limitBytes)) {
      if (batch !== undefined) state.push(batch);
      bytes += batch?.length ?? 0;
      if (performance.now() < pauseMs) continue;
      told(bytes);
      await setImmediate();
      pauseMs = performance.now() + SLICE_MS;
    }
  } finally {
    monitor.release();
  }
  return state;
}
