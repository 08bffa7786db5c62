import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { startProgram } from "./program.ts";
import type { Tui } from "./tui.ts";

const running: Tui[] = [];
afterEach(() => {
  for (const tui of running.splice(0)) tui.kill("SIGKILL");
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SEQUENCES = [
  "\x1b[A",
  "\x1b[B",
  "\x1bOP",
  "\x1b[15~",
  "\x1b[6~",
  "\x1b[1;5C",
  "\x1b[Z",
  "\x1b[[A",
  "\x1b[3$",
  "\x1b[27;5;106~",
  "\x1b[106;5u",
  "\x1b[<0;10;5M",
  "\x1b[<64;3;4M",
  "\x1b[<35;200;90m",
  "\x1b[I",
  "\x1b[O",
  "\x1b[200~",
  "\x1b[201~",
  "\x1b]11;rgb:0000/0000/0000\x1b\\",
  "\x1bP>|xterm\x1b\\",
  "\x1b[?1;2c",
  "\x1b[24;80R",
  "\x1b",
  "\x1b\x1b",
  "\x1b[",
  "\x1bO",
];
const KEYS = "jkhlgGnNoyztKFIPMT./\\?123456\t\r *,<>[]{}()aZ09";

type Bytes = Uint8Array<ArrayBuffer>;
const pick = <T>(next: () => number, from: ArrayLike<T>): T => from[Math.floor(next() * from.length)] as T;
const many = (count: number, make: () => string): Bytes =>
  Uint8Array.from(Buffer.from(Array.from({ length: count }, make).join("")));

const CHUNKS: Readonly<Record<string, (next: () => number) => Bytes>> = {
  bytes: (next) => Uint8Array.from({ length: 300 }, () => next() * 256),
  sequences: (next) => many(40, () => pick(next, SEQUENCES)),
  "cut sequences": (next) => many(60, () => pick(next, SEQUENCES).slice(0, 1 + next() * 6)),
  keys: (next) => many(200, () => pick(next, KEYS)),
  "searches and filters": (next) => many(400, () => pick(next, next() < 0.02 ? "/\\\x1b\r" : KEYS)),
  "what is no UTF-8": (next) => Uint8Array.from({ length: 200 }, () => 128 + next() * 128),
  pastes: (next) => many(1, () => `/\x1b[200~${pick(next, KEYS).repeat(100_000)}\x1b[201~`),
  "pastes without an end": (next) => many(1, () => `\x1b[200~${pick(next, KEYS).repeat(5000)}`),
};
const CHUNK_COUNT = 15;

/** Without ^C, ^Z, ^\\ and q, which end or stop the program as they should. */
const tame = (bytes: Bytes): Bytes => bytes.map((byte) => ([3, 26, 28, 113].includes(byte) ? 46 : byte));

/** User and system time, ms. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const WINDOW_MS = 500;
const PATIENCE_MS = 20_000;

/** Waits for half a second in which it used a quarter of a core at most. */
async function comesToRest(tui: Tui): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let before = cpuMs(tui.pid); ; before = cpuMs(tui.pid)) {
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    if (cpuMs(tui.pid) - before <= WINDOW_MS / 4) return;
    if (performance.now() > deadline) throw new Error(`still busy after ${PATIENCE_MS} ms\n${tui.screen().join("\n")}`);
  }
}

// What is typed is the same every time: what it breaks is broken, and not tried again.
describe("whatever is typed", { retry: 0 }, () => {
  test.each(Object.entries(CHUNKS))("%s: it comes to rest, and ^C ends it", async (_, make) => {
    // Read-only: a key may be the one that confirms a signal.
    const tui = startProgram(["--no-bpf", "--read-only", "--mouse"], { columns: 120, rows: 40 });
    running.push(tui);
    await tui.waitFor("POLLING");
    const next = random(20_261);
    for (let i = 0; i < CHUNK_COUNT; i++) tui.press(tame(make(next)));
    await comesToRest(tui);
    // One that follows an Esc or is part of a paste without an end is another key.
    const again = setInterval(() => tui.press("\x03"), 1500);
    const { exitCode } = await tui.exited.finally(() => clearInterval(again));
    expect(exitCode).toBe(0);
    expect(tui.onAlternateScreen).toBe(false);
  });
});
