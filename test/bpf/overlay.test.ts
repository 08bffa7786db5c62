import { copyFileSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { IMAGE_FLAG } from "../../src/core/wire/layout.gen.ts";
import { bench } from "./own-bench.ts";
import { capture } from "./own-capture.ts";

test("a file of an overlay is that of the layer it is in, through every mount, and another once it was changed", async () => {
  for (const name of ["lower", "upper", "work", "merged", "bound"]) mkdirSync(bench.path(name));
  copyFileSync("/bin/true", bench.path("lower/below"));
  writeFileSync(bench.path("lower/text"), "text");
  const script = `cd ${bench.folder}
    mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged && mount --bind merged bound || exit 9
    cp /bin/true merged/above; merged/above; bound/above; upper/above; merged/below; lower/below
    cat merged/text > read; echo more >> merged/text; cat bound/text > read`;
  const run = bench.start("unshare", ["--mount", "sh", "-c", script]);
  await capture.ended(run);
  const inode = (name: string): number => statSync(bench.path(name)).ino;
  const named = (row: { path: string }, name: string): boolean => row.path === bench.path(name);

  const ran = (name: string) => capture.of("EXEC").find(({ exe }) => exe === bench.path(name))!;
  const [above, below] = [inode("upper/above"), inode("lower/below")];
  const { exeDev } = ran("upper/above");
  for (const [name, exeIno, image] of [
    ["merged/above", above, IMAGE_FLAG.COVERED],
    ["bound/above", above, IMAGE_FLAG.COVERED],
    ["upper/above", above, 0],
    ["merged/below", below, IMAGE_FLAG.COVERED],
    ["lower/below", below, 0],
  ] as const)
    expect(ran(name), name).toMatchObject({ exeIno, exeDev, image });
  for (const kind of ["OPEN", "WRITE"] as const) {
    const written = capture.of(kind).filter((row) => named(row, "merged/above") && row.kind === kind);
    expect(new Set(written.map(({ ino, dev }) => `${ino} ${dev}`))).toEqual(new Set([`${above} ${exeDev}`]));
  }
  const [first, second] = capture.of("READ").filter((row) => named(row, "merged/text") || named(row, "bound/text"));
  expect([first?.ino, second?.ino]).toEqual([inode("lower/text"), inode("upper/text")]);
  expect(capture.of("WRITE").find((row) => named(row, "merged/text"))?.ino).toBe(inode("upper/text"));
});

test("a program mounted over another is told from it, and from one that is only mounted over itself", async () => {
  copyFileSync("/bin/true", bench.path("evil"));
  const script = `cd ${bench.folder}; mkdir own; cp /bin/true own/p; cp /bin/true covered
    mount --bind own own; mount --bind evil covered; ./covered; own/p`;
  const run = bench.start("unshare", ["--mount", "sh", "-c", script]);
  await capture.ended(run);
  const ran = (name: string) => capture.of("EXEC").find(({ exe }) => exe === bench.path(name));
  expect(ran("covered")).toMatchObject({ exeIno: statSync(bench.path("evil")).ino, image: IMAGE_FLAG.COVERED });
  expect(ran("own/p")).toMatchObject({ image: 0 });
});
