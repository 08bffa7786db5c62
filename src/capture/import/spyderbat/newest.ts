import type { Version } from "./records.ts";

/** Records by id: of several versions the newest, of equally new ones the last read. */
export class Newest<T extends Version> {
  /** Versions that are not the newest. */
  readonly earlier: T[] = [];
  readonly #byId = new Map<string, T>();

  add(record: T): void {
    const known = this.#byId.get(record.id);
    if (known !== undefined && record.timeS < known.timeS) {
      this.earlier.push(record);
      return;
    }
    if (known !== undefined) this.earlier.push(known);
    this.#byId.set(record.id, record);
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  values(): Iterable<T> {
    return this.#byId.values();
  }
}
