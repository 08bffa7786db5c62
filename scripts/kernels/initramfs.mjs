// A root file system for the kernel to unpack: the "newc" cpio format, described in the kernel's
// Documentation/driver-api/early-userspace/buffer-format.rst.

import { gzipSync } from "node:zlib";

const DIRECTORY = 0o040755;
const PROGRAM = 0o100755;
const CONSOLE = 0o020600; // character device 5:1

/** Gzipped archive of the given empty folders, a console in dev, and files ({name: bytes}), every file executable. */
export function initramfs(folders, files) {
  const parts = [];
  let inode = 1;
  const add = (name, mode, bytes = Buffer.alloc(0), device = [0, 0]) => {
    const fields = [inode++, mode, 0, 0, 1, 0, bytes.length, 0, 0, ...device, name.length + 1, 0];
    const header = `070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}${name}\0`;
    parts.push(padded(Buffer.from(header)), padded(bytes));
  };
  for (const folder of folders) add(folder, DIRECTORY);
  if (folders.includes("dev")) add("dev/console", CONSOLE, undefined, [5, 1]);
  for (const [name, bytes] of Object.entries(files)) add(name, PROGRAM, bytes);
  add("TRAILER!!!", 0);
  return gzipSync(Buffer.concat(parts), { level: 1 });
}

function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
