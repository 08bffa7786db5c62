import { afterAll, beforeAll } from "vitest";
import { Bench } from "./child.ts";

/** Of the test file that imports it: there before its first test, removed after its last. */
export let bench: Bench;

beforeAll(() => {
  bench = new Bench();
});

afterAll(() => bench?.remove());
