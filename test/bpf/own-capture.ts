import { afterAll, beforeAll } from "vitest";
import { Capture } from "./capture.ts";

/** Of the test file that imports it: opened before its first test, closed after its last. */
export let capture: Capture;

beforeAll(async () => {
  capture = await Capture.open();
});

afterAll(() => capture?.close());
