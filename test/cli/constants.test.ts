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
      if (!/^[A-Z0-9_]+$/.test(name) || typeof value !== "object" || value === null) continue;
      for (const [key, number] of Object.entries(value)) {
        const module = `import { ${name} } from "./${path.slice(path.lastIndexOf("/") + 1)}";\nexport const one = ${name}.${key};\n`;
        const inlined = withConstants(module, path.replace(/\w+\.ts$/, "probe.ts"));
        if (inlined === module) continue;
        expect(inlined.split("\n")[1], `${name}.${key} of ${path}`).toMatch(/^export const one = \(\w+\);$/);
        expect(Number(inlined.match(/\((\w+)\)/)?.[1])).toBe(number);
        many++;
      }
    }
  }
  expect(many).toBeGreaterThan(300);
});

test("what an event is taken in with names no constant of another module", () => {
  for (const name of ["graph", "ingest-file", "ingest-socket", "edges", "files", "connections", "read-ahead"]) {
    const path = join(src, "core", "graph", `${name}.ts`);
    const left = withConstants(readFileSync(path, "utf8"), path).match(
      /(?<!typeof )\b(KIND|HDR|FILE|SOCK|EDGE|EDGE_FLAG)\.\w+/g,
    );
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
`;
  expect(withConstants(module, join(src, "core", "wire", "probe.ts"))).toBe(module);
});
