// The steps of set-up in their order. `done` costs a few stat calls, `why` is what the user reads.

import { cpus } from "node:os";
import { fetchLibbpf, libbpf, libbpfPresent } from "../../native/vendor/fetch-libbpf.mjs";
import { install, missingOf, ofBuild, ofTests, UNSTARTED } from "./debian.mjs";
import { mtime, newest, stamped } from "./fresh.mjs";
import { installModules, modulesFresh } from "./npm.mjs";
import { run } from "./run.mjs";

const nativeStamp = "build/.native";
const nativeInputs = [
  "bpf",
  "native/src",
  "native/tools",
  "native/Makefile",
  "native/vendor/libbpf.json",
  "node_modules/.spydertop-lock",
];
const nativeOutputs = [nativeStamp, "build/spydertop.bpf.o", "build/spydertop.node"];

const bundleStamp = "dist/.bundle";
const bundleInputs = [
  "src",
  "scripts/bundle.mjs",
  "scripts/constants.ts",
  "scripts/stubs",
  "node_modules/.spydertop-lock",
];
const bundleOutputs = [bundleStamp, "dist/spydertop.mjs"];

const upToDate = (outputs, inputs) => Math.min(...outputs.map(mtime)) > 0 && mtime(outputs[0]) > newest(inputs);

export const steps = [
  {
    name: "Debian packages",
    why: () => `installing ${missingOf(ofBuild).join(" ")} (to compile the kernel programs and the addon)`,
    done: () => missingOf(ofBuild).length === 0,
    run: () => install(ofBuild),
    remedy: "check the network and apt (`apt-get update`), or install these packages yourself",
  },
  {
    name: "npm packages",
    why: () => "installing what package-lock.json pins (the screen library, build and test tools, the Node runtime)",
    done: modulesFresh,
    run: installModules,
    remedy:
      "check the network and `npm ping`; after editing package.json, run `npm install` to renew package-lock.json",
  },
  {
    name: "libbpf",
    why: () => `fetching the source of ${libbpf.version}, checksum pinned (it is linked into the addon)`,
    done: libbpfPresent,
    run: fetchLibbpf,
    remedy: "check the network, or supply the tarball by hand as described above",
  },
  {
    name: "native build",
    why: () => "compiling libbpf, the kernel programs and the addon (about half a minute the first time)",
    done: () => upToDate(nativeOutputs, nativeInputs),
    run: () =>
      stamped(nativeStamp, () =>
        run(["make", "-C", "native", "--no-print-directory", `-j${cpus().length}`, "all", "pty"]),
      ),
    remedy:
      "the compiler messages above say where; `make -C native V=1` shows the commands, `make -C native clean` starts over",
  },
  {
    name: "bundle",
    why: () => "packing the program into dist/ (few files start faster)",
    done: () => upToDate(bundleOutputs, bundleInputs),
    run: () => stamped(bundleStamp, () => run(["scripts/node.sh", "scripts/bundle.mjs"])),
    remedy: "the messages above name the file and line in src/",
  },
];

/** For the tests, after the others. `without`: what follows when it cannot be done. */
export const testStep = {
  name: "Debian packages of the tests",
  why: () => `installing ${missingOf(ofTests).join(" ")} (the tests start their own; no service is started)`,
  done: () => missingOf(ofTests).length === 0,
  run: () => install(ofTests, UNSTARTED),
  without: "the tests that need what is missing are skipped",
};
