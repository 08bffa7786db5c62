import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withConstants } from "../../scripts/constants.ts";

const src = join(import.meta.dirname, "..", "..", "src");

/** Modules of a folder by path, and what they export. */
async function modulesOf(folder: string): Promise<(readonly [path: string, exports: Record<string, unknown>])[]> {
  const names = readdirSync(join(src, folder)).filter((name) => name.endsWith(".ts"));
  const paths = names.map((name) => join(src, folder, name));
  return Promise.all(paths.map(async (path) => [path, (await import(path)) as Record<string, unknown>] as const));
}

test("a constant of another module becomes the number it is there", async () => {
  let many = 0;
  for (const [path, exports] of [...(await modulesOf("core/graph")), ...(await modulesOf("core/wire"))]) {
    for (const [name, value] of Object.entries(exports)) {
      if (!/^[A-Z][A-Z0-9_]*$/.test(name)) continue;
      const parts =
        typeof value === "object" && value !== null
          ? Object.entries(value).map(([key, number]) => [`${name}.${key}`, number] as const)
          : [[name, value] as const];
      for (const [part, number] of parts) {
        const module = `import { ${name} } from "./${path.slice(path.lastIndexOf("/") + 1)}";\nexport const one = ${part};\n`;
        const inlined = withConstants(module, path.replace(/[\w-]+\.ts$/, "probe.ts"));
        if (inlined === module) continue;
        const written = inlined.match(/^export const one = \((-?\w+(?: << \w+)?)\);$/m)?.[1];
        expect(written, `${part} of ${path}`).toBeDefined();
        const [base = "", shift = "0"] = written?.replaceAll("_", "").split(" << ") ?? [];
        expect(Number(base) << Number(shift), `${part} of ${path}`).toBe(Number(number) << 0);
        many++;
      }
    }
  }
  expect(many).toBeGreaterThan(300);
});

test("what an event is taken in with names no constant of another module", () => {
  for (const name of ["graph", "ingest-file", "ingest-socket", "edges", "files", "connections", "read-ahead"]) {
    const path = join(src, "core", "graph", `${name}.ts`);
    const code = withConstants(readFileSync(path, "utf8"), path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const left = code.match(/(?<!typeof )\b(?:(KIND|HDR|FILE|SOCK|EDGE|EDGE_FLAG)\.\w+|NONE(?=[;)]))/g);
    expect(left, path).toBeNull();
  }
});

test("types, what is no plain number, what is written to and what another module calls the same stay", () => {
  const module = `import { KIND, type FLAG } from "./layout.gen.ts";
type Open = typeof KIND.OPEN;
const OWN = { ONE: 1, SUM: 1 + 1, TEXT: "1" } as const;
const other = { KIND: { OPEN: "x" } };
export const all = [OWN.SUM, OWN.TEXT, other.KIND.OPEN, KIND.NONESUCH, Object.keys(KIND)];
KIND.OPEN = KIND.CLOSE();
const LEAST = 4;
export const keys = { LEAST: "LEAST" }; // LEAST
`;
  expect(withConstants(module, join(src, "core", "wire", "probe.ts"))).toBe(module);
});

test("names of numbers become them, also of the module itself", () => {
  const module = `import { NONE } from "./indexes.ts";
const LARGE = 1 << 14;
const WIDTH: number = 0x10;
export const width = (row: number) => (row === NONE ? NONE : row > LARGE ? [WIDTH, LARGE] : { WIDTH: WIDTH });
`;
  expect(withConstants(module, join(src, "core", "graph", "probe.ts")).split("\n")[3]).toBe(
    "export const width = (row: number) => (row === (-1) ? (-1) : row > (1 << 14) ? [(0x10), (1 << 14)] : { WIDTH: (0x10) });",
  );
});

test("no module gives the name of a number to something else", () => {
  const modules = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  for (const name of modules) {
    const code = readFileSync(join(src, name), "utf8");
    const outside = new Set(Array.from(code.matchAll(/^(?:export )?const ([A-Z][A-Z0-9_]*)\b/gm), ([, one]) => one));
    for (const [, names = ""] of code.matchAll(/^import \{([^}]*)\}/gm))
      for (const one of names.split(",")) outside.add(one.trim());
    for (const [, one] of code.matchAll(/^[ \t]+(?:const|let) ([A-Z][A-Z0-9_]*)\b/gm))
      expect(outside, name).not.toContain(one);
  }
  expect(modules.length).toBeGreaterThan(200);
});
