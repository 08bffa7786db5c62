import { readdirSync, readlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { objectPath } from "../../src/capture/live/native.ts";

/** Links, maps and programs this process holds. */
const held = () =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes("bpf");
    } catch {
      return false; // the descriptor of the listing itself
    }
  }).length;

const CAPTURE = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { Session } = require(workerData.addon);
  globalThis.session = new Session();
  parentPort.once("message", () => process.exit(0));
  const starting = session.start({ objectPath: workerData.object });
  if (workerData.wait) starting.then(() => {
    session.snapshot();
    parentPort.postMessage("attached");
  });
  else parentPort.postMessage("starting");
`;

/** wait: until it is attached; else it is just about to start. */
async function capturing(wait = true): Promise<Worker> {
  const object = objectPath();
  const worker = new Worker(CAPTURE, {
    eval: true,
    workerData: { object, addon: object.replace("bpf.o", "node"), wait },
  });
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return worker;
}

const ENDS = [
  ["ends", (worker: Worker) => worker.postMessage("end")],
  ["is terminated", (worker: Worker) => void worker.terminate()],
] as const;

test.each(ENDS)("an environment that %s without closing its session releases everything", async (_, end) => {
  const before = held();
  const worker = await capturing();
  expect(held()).toBeGreaterThan(before + 10);
  await ended(worker, end);
  expect(held()).toBe(before);
});

test.each(ENDS)("an environment that %s while its session starts releases everything", async (_, end) => {
  const before = held();
  await ended(await capturing(false), end);
  expect(held()).toBe(before);
});

async function ended(worker: Worker, end: (worker: Worker) => void): Promise<void> {
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  end(worker);
  await exited;
}

test("sessions in two environments do not disturb each other", async () => {
  const before = held();
  const workers = await Promise.all([capturing(), capturing()]);
  for (const worker of workers) await worker.terminate();
  expect(held()).toBe(before);
});
