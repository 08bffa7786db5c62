import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLive } from "../../src/capture/live/live-source.ts";
import { type NativeSession, newNativeSession, objectPath } from "../../src/capture/live/native.ts";
import { BatchReader } from "../../src/core/wire/decode.ts";

let folder: string;
const addonPath = () => join(objectPath(), "..", "spydertop.node");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spydertop-native-"));
  chmodSync(folder, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The error a call throws or rejects with, with the fields the addon gives it. */
async function thrown(call: () => unknown): Promise<Error & { code?: string; errno?: number; hint?: string }> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not throw");
}

async function started(): Promise<NativeSession> {
  const session = newNativeSession();
  await session.start({ objectPath: objectPath() });
  return session;
}

/** What the kernel holds for this process: maps, programs and links by their descriptors. */
const bpfDescriptors = () =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.includes("bpf") ? [target] : [];
    } catch {
      return []; // the descriptor of the listing itself
    }
  });

const ringMappings = () =>
  readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .filter((line) => line.includes("bpf-map")).length;

test("every feature works on this kernel, on its best hook but for those on functions where they are not permitted", async () => {
  const source = await openLive();
  const features = source.status().features;
  source.close();
  expect(features.length).toBeGreaterThan(10);
  const lesser = features.filter((feature) => feature.state !== "ok");
  for (const feature of lesser)
    expect(feature).toMatchObject({
      state: "degraded",
      hook: expect.not.stringContaining("fentry"),
      why: "fentry programs: Operation not permitted; not seen: the true name, where a path is swapped while the call is made",
      fix: "a kernel that permits them",
    });
  expect([[], ["permissions", "names", "mounts", "attributes"]]).toContainEqual(lesser.map(({ name }) => name));
});

test.each([
  ["nothing", []],
  ["a string", ["x"]],
  ["no path", [{}]],
  ["a path that is no string", [{ objectPath: 1 }]],
  ["too much", [{ objectPath: "x" }, 1]],
])("start refuses %s", (_, args) => {
  const session = newNativeSession() as unknown as { start(...args: unknown[]): void };
  expect(() => session.start(...args)).toThrow(TypeError);
});

test.each([0, -4096, 4095, 5000, 4096.5, 2 ** 31, 2 ** 32 + 4096, Number.NaN, Number.POSITIVE_INFINITY, "4096", null])(
  "start refuses a ring of %s bytes",
  async (activityBytes) => {
    const session = newNativeSession();
    const options = { objectPath: objectPath(), activityBytes } as { objectPath: string };
    const error = await thrown(() => session.start(options));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain("power of two");
  },
);

test("read refuses what cannot hold a batch", () => {
  const session = newNativeSession();
  const read = (into: unknown) => () => session.read(into as Uint8Array);
  expect(read(undefined)).toThrow(TypeError);
  expect(read(new Uint16Array(65536))).toThrow(TypeError);
  expect(read(new ArrayBuffer(65536))).toThrow(TypeError);
  expect(read(new Uint8Array(65535))).toThrow(RangeError);
  expect(read(new Uint8Array(new ArrayBuffer(65544), 4))).toThrow(RangeError);
});

test("methods refuse a foreign receiver", () => {
  const { Session } = createRequire(import.meta.url)(addonPath()) as { Session: { prototype: NativeSession } };
  expect(() => Session.prototype.stats.call({} as NativeSession)).toThrow();
});

test("an object that is not there", async () => {
  const path = join(folder, "missing.o");
  const error = await thrown(() => newNativeSession().start({ objectPath: path }));
  expect(error).toMatchObject({ code: "ENOENT", errno: 2, hint: "build it: npm run setup" });
  expect(error.message).toContain(path);
});

test.each([
  ["empty", () => Buffer.alloc(0)],
  ["text", () => Buffer.from("not an object\n".repeat(100))],
  ["cut off", () => readFileSync(objectPath()).subarray(0, 20_000)],
  ["damaged", () => readFileSync(objectPath()).fill(0xff, 64, 4096)],
])("an object that is %s", async (name, bytes) => {
  const path = join(folder, `${name}.o`);
  writeFileSync(path, bytes());
  const session = newNativeSession();
  const error = await thrown(() => session.start({ objectPath: path }));
  expect(error.code).toMatch(/^E[A-Z0-9]+$/);
  expect(error.errno).toBeGreaterThan(0);
  expect(error.hint).not.toBe("");
  expect(error.message).toMatch(/BPF object|kernel programs/);
  session.close();
});

test("before the start there is nothing to read", () => {
  const session = newNativeSession();
  expect(session.read(new Uint8Array(65536))).toBe(0);
  expect(session.stats().ringBytes).toBe(0);
  session.close();
});

test("while it starts the session is the starting thread's alone", async () => {
  const session = newNativeSession();
  const into = new Uint8Array(65536);
  const starting = session.start({ objectPath: objectPath() });
  for (const call of [
    () => session.start({ objectPath: objectPath() }),
    () => session.snapshot(),
    () => session.refresh(),
    () => session.read(into),
    () => session.features(),
    () => session.stats(),
  ])
    expect(await thrown(call)).toMatchObject({ code: "EBUSY", hint: "wait for start() to settle" });
  await starting;
  session.snapshot();
  expect(session.read(into)).toBeGreaterThan(0);
  session.close();
});

test("closed while it starts, also twice, it rejects once everything is released", async () => {
  (await started()).close();
  const before = { fds: bpfDescriptors(), mappings: ringMappings() };
  const session = newNativeSession();
  const starting = session.start({ objectPath: objectPath() });
  session.close();
  session.close();
  expect(await thrown(() => starting)).toMatchObject({ code: "ECANCELED" });
  expect(bpfDescriptors()).toEqual(before.fds);
  expect(ringMappings()).toBe(before.mappings);
  expect(session.read(new Uint8Array(65536))).toBe(0);
  await session.start({ objectPath: objectPath() });
  expect(session.features().every(({ ok }) => ok)).toBe(true);
  session.close();
});

test("after close nothing is read and nothing breaks; closing again is nothing", async () => {
  const session = await started();
  session.snapshot();
  session.close();
  session.close();
  expect(session.read(new Uint8Array(65536))).toBe(0);
  expect(session.stats().ringUsed).toBe(0);
});

test("a session started again begins with a key batch and with counters of its own", async () => {
  const session = await started();
  const into = new Uint8Array(1 << 20);
  const drain = () => {
    const reader = new BatchReader();
    session.snapshot();
    const keys: boolean[] = [];
    for (let bytes = session.read(into); bytes > 0 && keys.length < 5; bytes = session.read(into)) {
      reader.open(into.subarray(0, bytes));
      keys.push(reader.keyBatch);
    }
    return keys[0];
  };
  expect(drain()).toBe(true);
  await session.start({ objectPath: objectPath() });
  expect(session.stats().delivered.every((count) => count === 0)).toBe(true);
  expect(drain()).toBe(true);
  session.close();
});

test("sessions leave no descriptor and no mapping behind", async () => {
  (await started()).close();
  const before = { fds: bpfDescriptors(), mappings: ringMappings() };
  for (let i = 0; i < 8; i++) {
    const session = await started();
    session.snapshot();
    session.refresh();
    session.read(new Uint8Array(1 << 20));
    session.close();
  }
  expect(bpfDescriptors()).toEqual(before.fds);
  expect(ringMappings()).toBe(before.mappings);
});

test("a session that fails half way leaves nothing behind", async () => {
  const before = { fds: bpfDescriptors(), all: readdirSync("/proc/self/fd").length };
  for (let i = 0; i < 5; i++) {
    const session = newNativeSession();
    await thrown(() => session.start({ objectPath: join(folder, "cut off.o") }));
    await thrown(() => session.start({ objectPath: join(folder, "missing.o") }));
  }
  expect(bpfDescriptors()).toEqual(before.fds);
  expect(readdirSync("/proc/self/fd")).toHaveLength(before.all);
});

test("two captures at a time see the same", async () => {
  const sessions = await Promise.all([started(), started()]);
  spawnSync("/bin/true");
  const seen = sessions.map((session) => {
    const into = new Uint8Array(1 << 20);
    while (session.read(into) > 0);
    return session.stats().delivered[2]! >= 1;
  });
  for (const session of sessions) session.close();
  expect(seen).toEqual([true, true]);
});

test("without privileges: the errno and what to do", () => {
  for (const path of [objectPath(), addonPath()]) copyFileSync(path, join(folder, path.split("/").at(-1)!));
  const script = join(folder, "unprivileged.cjs");
  writeFileSync(
    script,
    `const { Session } = require("./spydertop.node");
     const session = new Session();
     session.start({ objectPath: __dirname + "/spydertop.bpf.o" }).catch(({ message, code, errno, hint }) =>
       console.log(JSON.stringify({ message, code, errno, hint })),
     );`,
  );
  const node = join(folder, "node");
  copyFileSync(process.execPath, node);
  const { stdout, stderr } = spawnSync(node, [script], { uid: 65534, gid: 65534, cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  const error = JSON.parse(stdout) as { message: string; code: string; errno: number; hint: string };
  expect(error).toMatchObject({ code: "EPERM", errno: 1 });
  expect(error.hint).toMatch(/root|CAP_BPF/);
  expect(error.message).toContain("cannot load the kernel programs");
});
