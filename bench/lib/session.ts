import { type NativeSession, newNativeSession, objectPath } from "../../src/capture/live/native.ts";

export const batchBuffer = new Uint8Array(1 << 20);

/** A session of this process, attached to the kernel and with nothing waiting. */
export async function attachedSession(): Promise<NativeSession> {
  const session = newNativeSession();
  await session.start({ objectPath: objectPath() });
  return session;
}

/** Takes everything that waits; returns how many batches that were. */
export function drain(session: NativeSession, use: (batch: Uint8Array) => void = () => undefined): number {
  for (let batches = 0; ; batches++) {
    const bytes = session.read(batchBuffer);
    if (bytes === 0) return batches;
    use(batchBuffer.subarray(0, bytes));
  }
}

/** CPU time of this process for a call, ms. */
export function cpuMs(call: () => void): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export function wallMs(call: () => void): number {
  const before = performance.now();
  call();
  return performance.now() - before;
}
