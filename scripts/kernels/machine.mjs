// One virtual machine under software emulation: starts it, collects its lines, ends it.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

const LINE = "@spydertop ";

const machines = {
  x86_64: {
    program: "qemu-system-x86_64",
    options: ["-machine", "q35", "-cpu", "max"],
    console: "ttyS0",
  },
  aarch64: {
    program: "qemu-system-aarch64",
    // Pointer authentication with QEMU's own algorithm would be most of the work of every call.
    options: ["-machine", "virt", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
  },
};

/** The emulator's program for an architecture. */
export const emulator = (arch) => machines[arch].program;

/**
 * Boots a kernel with an initial file system and resolves to the objects its init printed. The console goes to a log
 * file. The machine is ended after `seconds`; then, or when the kernel stops early, the objects lack one of type "end".
 */
export function boot({ arch, kernel, initrd, log, seconds, words = [] }) {
  const { program, options, console: tty } = machines[arch];
  const command = [
    ...["-n", "10", program, ...options, "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1536"],
    ...["-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", kernel, "-initrd", initrd],
    ...["-append", [`console=${tty} quiet loglevel=4 panic=-1 mitigations=off`, ...words].join(" ")],
  ];
  return new Promise((resolve, reject) => {
    const child = spawn("nice", command, { stdio: ["ignore", "pipe", "pipe"] });
    const file = createWriteStream(log);
    const objects = [];
    let rest = "";
    const deadline = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      file.write(text);
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const at = line.indexOf(LINE);
        if (at >= 0) objects.push(JSON.parse(line.slice(at + LINE.length).trim()));
      }
    });
    child.stderr.on("data", (text) => file.write(text));
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(deadline);
      file.end(() => resolve(objects));
    });
  });
}
