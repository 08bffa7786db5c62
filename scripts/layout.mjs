// bpf/wire.h -> src/core/wire/layout.gen.ts: offsets, kinds and flags as the compiler lays them out.
//
// clang compiles a file that refers to every struct, enum and number of wire.h, and the BTF it emits is read through
// bpftool; nothing here parses C types. `--check` compares with the committed file instead of writing it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const header = join(top, "bpf", "wire.h");
const output = join(top, "src", "core", "wire", "layout.gen.ts");

const generated = generate(readBtf(readFileSync(header, "utf8")));

if (process.argv.includes("--check")) {
  const committed = readIfThere(output);
  if (committed !== generated) {
    console.error(
      "src/core/wire/layout.gen.ts is not what bpf/wire.h gives: run `npm run layout` and commit the result",
    );
    console.error(firstDifference(committed, generated));
    process.exitCode = 1;
  }
} else {
  writeFileSync(output, generated);
}

/** BTF types (bpftool's JSON) of everything wire.h declares; entry i describes type id i + 1. */
function readBtf(source) {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, "");
  const names = (pattern) => [...new Set([...text.matchAll(pattern)].map((match) => match[1]))];
  const numbers = names(/^#define (SPY_[A-Z0-9_]+) +[^\n\\]+$/gm);
  const program = [
    "typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32; typedef unsigned long long __u64;",
    "typedef signed char __s8; typedef short __s16; typedef int __s32; typedef long long __s64;",
    '#include "wire.h"',
    ...names(/^struct (spy_\w+) \{/gm).map((name) => `struct ${name} v_${name};`),
    ...names(/^enum (spy_\w+) \{/gm).map((name) => `enum ${name} e_${name};`),
    `enum constants { ${numbers.map((name) => `C_${name} = (${name})`).join(", ")} } e_constants;`,
  ].join("\n");
  const work = mkdtempSync(join(tmpdir(), "spydertop-layout-"));
  try {
    const object = join(work, "layout.o");
    writeFileSync(join(work, "layout.c"), program);
    execFileSync("clang", [
      "-target",
      "bpf",
      "-g",
      "-O2",
      "-I",
      dirname(header),
      "-c",
      join(work, "layout.c"),
      "-o",
      object,
    ]);
    const json = execFileSync("bpftool", ["-j", "btf", "dump", "file", object], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
      maxBuffer: 1 << 26,
    });
    return JSON.parse(json.toString()).types;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function generate(types) {
  const structs = types.filter((type) => type.kind === "STRUCT" && type.name.startsWith("spy_"));
  const enums = types.filter((type) => type.kind === "ENUM" && type.name.startsWith("spy_"));
  const constants = types.find((type) => type.kind === "ENUM" && type.name === "constants");
  return [
    "// Generated from bpf/wire.h by scripts/layout.mjs (`npm run layout`). Do not edit.",
    "//",
    "// Records: SIZE in bytes and the byte offset of each field from the row's start. Every row begins with HDR; its",
    "// fields are listed there only; BATCH stands before the rows of a batch.",
    "",
    ...constants.values.map(({ name, val }) => `export const ${name.replace("C_SPY_", "")} = ${number(val)};\n`),
    ...enums.map(enumeration),
    ...structs.map(record),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

function record({ name, size, members }) {
  const fields = members
    .filter((member) => member.name !== "pad" && !(name !== "spy_hdr" && member.name === "h"))
    .map((member) => [camel(member.name), member.bits_offset / 8]);
  return object(upper(name.replace("spy_", "")), [["SIZE", size], ...fields]);
}

function enumeration({ name, values }) {
  // enum spy_mark_what: SPY_MARK_WHAT_, else SPY_MARK_, else SPY_ is what its constants share.
  const words = upper(name).split("_");
  const prefixes = words.map((_, index) => `${words.slice(0, words.length - index).join("_")}_`);
  const prefix = prefixes.find((candidate) => values.every((value) => value.name.startsWith(candidate)));
  return object(
    upper(name.replace("spy_", "")),
    values.map((value) => [value.name.slice(prefix.length), value.val]),
  );
}

function object(name, entries) {
  return `export const ${name} = {\n${entries.map(([key, value]) => `  ${key}: ${value},\n`).join("")}} as const;\n`;
}

function number(value) {
  const unsigned = value >>> 0;
  return unsigned > 0xffff ? `0x${unsigned.toString(16)}` : String(unsigned);
}

function upper(name) {
  return name.toUpperCase();
}

function camel(name) {
  return name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function firstDifference(before, after) {
  const old = before.split("\n");
  const index = after.split("\n").findIndex((line, at) => line !== old[at]);
  return `line ${index + 1}: committed ${JSON.stringify(old[index] ?? "")}, generated ${JSON.stringify(after.split("\n")[index] ?? "")}`;
}
