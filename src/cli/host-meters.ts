import { openSync, readSync } from "node:fs";
import type { HostSample } from "../ui/ports.ts";

interface Counters {
  readonly atMs: number;
  readonly busy: number;
  readonly total: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly selfCpuUs: number;
}

/** A file of /proc that is read every second: opening it would be most of the cost. */
class ProcFile {
  readonly #path: string;
  #fd: number | undefined;
  #bytes = Buffer.alloc(4096);

  constructor(path: string) {
    this.#path = path;
  }

  read(): string {
    try {
      this.#fd ??= openSync(this.#path, "r");
      return this.#whole(this.#fd);
    } catch {
      // Hidden: that meter shows 0.
      return "";
    }
  }

  #whole(fd: number): string {
    let used = 0;
    for (;;) {
      const read = readSync(fd, this.#bytes, used, this.#bytes.length - used, used);
      if (read === 0) return this.#bytes.toString("latin1", 0, used);
      used += read;
      if (used === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(used)]);
    }
  }
}

const STAT = new ProcFile("/proc/stat");
const INTERFACES = new ProcFile("/proc/net/dev");
const MEMORY = new ProcFile("/proc/meminfo");

/** First line of /proc/stat, in ticks: user nice system idle iowait irq softirq steal (guest is within user). */
function cpuTicks(): { readonly busy: number; readonly total: number } {
  const line = STAT.read().split("\n", 1)[0] ?? "";
  const ticks = line.trim().split(/\s+/u).slice(1, 9).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0), total };
}

/** Sums over the interfaces of this network namespace, without loopback. */
function interfaceBytes(): { readonly rxBytes: number; readonly txBytes: number } {
  let rxBytes = 0;
  let txBytes = 0;
  for (const line of INTERFACES.read().split("\n").slice(2)) {
    const [name, counters = ""] = line.split(":");
    const columns = counters.trim().split(/\s+/u).map(Number);
    if (name !== undefined && name.trim() !== "lo" && columns.length >= 9) {
      rxBytes += columns[0] ?? 0;
      txBytes += columns[8] ?? 0;
    }
  }
  return { rxBytes, txBytes };
}

function memory(): { readonly memoryUsedBytes: number; readonly memoryTotalBytes: number } {
  const text = MEMORY.read();
  const bytes = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, "mu").exec(text)?.[1] ?? 0) * 1024;
  const total = bytes("MemTotal");
  return { memoryUsedBytes: Math.max(total - bytes("MemAvailable"), 0), memoryTotalBytes: total };
}

function counters(): Counters {
  const { user, system } = process.cpuUsage();
  return { atMs: performance.now(), ...cpuTicks(), ...interfaceBytes(), selfCpuUs: user + system };
}

/** The machine's meters: each call tells of the time since the one before. Three small files. */
export class HostMeters {
  #before = counters();

  sample(): HostSample {
    const before = this.#before;
    const now = counters();
    this.#before = now;
    const seconds = Math.max((now.atMs - before.atMs) / 1000, 0.001);
    const rate = (a: number, b: number): number => Math.max(b - a, 0) / seconds;
    return {
      cpuPercent: (100 * Math.max(now.busy - before.busy, 0)) / Math.max(now.total - before.total, 1),
      ...memory(),
      rxBytesPerSecond: rate(before.rxBytes, now.rxBytes),
      txBytesPerSecond: rate(before.txBytes, now.txBytes),
      selfCpuPercent: rate(before.selfCpuUs, now.selfCpuUs) / 10_000,
      selfRssBytes: process.memoryUsage.rss(),
    };
  }
}
