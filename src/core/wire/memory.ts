/**
 * The next larger capacity. From `large` on room is taken far ahead: it costs address space until it is used, growing costs a copy. From
 * `huge` on it only doubles.
 */
export function grown(capacity: number, large: number, huge = Number.POSITIVE_INFINITY): number {
  return capacity * (capacity < large || capacity >= huge ? 2 : 8);
}

/** Gives memory back at once: the collector does not hurry for what is not its own. */
export function drop(memory: ArrayBuffer): void {
  memory.transfer(0);
}
