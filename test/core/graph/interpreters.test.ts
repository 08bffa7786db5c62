import { describe, expect, test } from "vitest";
import { programOf } from "../../../src/core/graph/interpreters.ts";

/** "file a", "stdin", "argument", or "none". */
function told(command: string): string {
  const argv = command.split(" ");
  const program = programOf(`/usr/bin/${argv[0]}`, argv);
  return program === undefined ? "none" : program.from === "file" ? `file ${program.path}` : program.from;
}

describe("an interpreter's program", () => {
  test.each([
    "bash a",
    "bash -e a",
    "bash -xe a",
    "bash -m a",
    "bash -o posix a",
    "bash -eo pipefail a b",
    "bash -oe posix a",
    "bash +o posix a",
    "bash -O extglob a",
    "bash --rcfile f a",
    "bash --norc -- a",
    "dash a -c x",
    "sh -e a -s",
    "busybox sh -e a",
    "python3.11 -W ignore a",
    "python3 -Wignore -X utf8 -u a",
    "perl -w a",
    "perl -I dir -Mstrict a -e x",
    "perl -i.else a",
    "ruby -E utf-8 a",
    "node -r mod a",
    "node --require mod --enable-source-maps a",
    "node --require=mod a",
    "php -d x=y a",
    "php -f a",
    "awk -f a b",
    "gawk --file=a b",
    "tclsh a",
    "ld-linux-x86-64.so.2 a b",
    "ld-linux-aarch64.so.1 --library-path /lib --argv0 x a",
    "ld-musl-x86_64.so.1 --preload=l.so a",
    "ld.so a",
  ])("is the file of: %s", (command) => {
    expect(told(command)).toBe("file a");
  });

  test.each([
    "bash",
    "bash -e",
    "bash -s a b",
    "bash -es a",
    "bash -",
    "bash -o posix",
    "bash /dev/stdin",
    "sh /dev/fd/0 a",
    "sh /proc/self/fd/0",
    "python3 -",
    "python3 -u",
    "perl -w",
    "node",
    "php",
  ])("comes from standard input: %s", (command) => {
    expect(told(command)).toBe("stdin");
  });

  test.each([
    "bash -c x a",
    "bash -ec x",
    "bash -o posix -c x",
    "perl -ne x a",
    "perl -E x a",
    "ruby -e x a",
    "python3 -c x a",
    "python3 -m mod a",
    "python3 -Im mod a",
    "node -e x a",
    "node -pe x",
    "node --eval x a",
    "php -r x a",
    "awk x a",
    "awk -F : x a",
  ])("is an argument: %s", (command) => {
    expect(told(command)).toBe("argument");
  });

  test.each(["ls a", "ssh -e a", "busybox wget a", "bashful a"])("is none of: %s", (command) => {
    expect(told(command)).toBe("none");
  });
});
