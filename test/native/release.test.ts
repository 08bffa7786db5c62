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
  session.open({ objectPath: workerData.object });
  session.load();
  session.attach();
  session.snapshot();
  parentPort.postMessage("attached");
  parentPort.once("message", () => process.exit(0));
`;

async function capturing(): Promise<Worker> {
  const object = objectPath();
  const worker = new Worker(CAPTURE, { eval: true, workerData: { object, addon: object.replace("bpf.o", "node") } });
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return worker;
}

test.each([
  ["ends", (worker: Worker) => worker.postMessage("end")],
  ["is terminated", (worker: Worker) => void worker.terminate()],
])("an environment that %s without closing its session releases everything", async (_, end) => {
  const before = held();
  const worker = await capturing();
  expect(held()).toBeGreaterThan(before + 10);
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  end(worker);
  await exited;
  expect(held()).toBe(before);
});

test("sessions in two environments do not disturb each other", async () => {
  const before = held();
  const workers = await Promise.all([capturing(), capturing()]);
  for (const worker of workers) await worker.terminate();
  expect(held()).toBe(before);
});
