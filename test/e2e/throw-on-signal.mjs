// Preloaded by a test: makes the running program fail, when it is told to, in the place named by SPYDERTOP_TEST_FAIL.
import { createRequire } from "node:module";
import { join } from "node:path";

const fail = () => {
  throw new Error("crash on purpose");
};

const places = {
  "a signal handler": fail,
  // The header rounds the CPU's share in each render, and nothing else does outside of one.
  "a render": () => {
    Math.round = fail;
  },
  // Each batch is looked at through words of 32 bits.
  "taking in events": () => {
    globalThis.Uint32Array = class {
      constructor() {
        fail();
      }
    };
  },
  "the native read": () => {
    readFails = true;
  },
};

const place = process.env.SPYDERTOP_TEST_FAIL;
let readFails = false;
if (place === "the native read") {
  const addon = createRequire(import.meta.url)(join(import.meta.dirname, "..", "..", "build", "spydertop.node"));
  addon.Session = class extends addon.Session {
    read(into) {
      return readFails ? fail() : super.read(into);
    }
  };
}
process.on("SIGUSR2", () => places[place]());
