import { describe, expect, test } from "vitest";
import { queryProblem } from "../../src/ui/search/mistyped.ts";
import { type Field, parseQuery, queryHolds } from "../../src/ui/search/query.ts";

const thing = (haystack: string, fields: Partial<Record<Field, readonly string[]>> = {}) => ({
  haystack,
  field: (name: Field) => fields[name] ?? [],
});
const curl = thing("20991 curl -s http://cdn.x/i.sh", { pid: ["20991"], user: ["deploy", "1001"], port: ["80"] });
const holds = (query: string): boolean => queryHolds(parseQuery(query), curl);

describe("a query", () => {
  test("all words must be there, in any order", () => {
    expect(holds("curl cdn.x")).toBe(true);
    expect(holds("cdn.x curl")).toBe(true);
    expect(holds("curl nothere")).toBe(false);
  });

  test("a word may be negated", () => {
    expect(holds("curl !wget")).toBe(true);
    expect(holds("curl !cdn")).toBe(false);
    expect(holds("!user:deploy")).toBe(false);
    expect(holds("!user:root")).toBe(true);
  });

  test("a field looks only there: a pid and a port are whole, a user may be begun", () => {
    expect(holds("pid:20991")).toBe(true);
    expect(holds("pid:2099")).toBe(false);
    expect(holds("port:80")).toBe(true);
    expect(holds("port:8")).toBe(false);
    expect(holds("user:dep")).toBe(true);
    expect(holds("user:curl")).toBe(false);
  });

  test("upper case, quotes and colons in text", () => {
    expect(holds("CURL")).toBe(true);
    expect(holds('"curl -s"')).toBe(true);
    expect(holds('"-s curl"')).toBe(false);
    expect(holds("http://cdn")).toBe(true);
  });

  test("while a term is only begun the list does not vanish", () => {
    for (const begun of ["", "port:", "!", '"', "!user:"]) expect(holds(begun), begun).toBe(true);
  });

  test("a mistyped field is named, with the one that was meant", () => {
    expect(queryProblem("usr:root")).toBe('no field "usr"; did you mean user:?');
    expect(queryProblem("curl !prot:8765")).toBe('no field "prot"; did you mean port:?');
    expect(queryProblem("contianer:web")).toBe('no field "contianer"; did you mean container:?');
    expect(queryProblem("uid:0")).toBe('no field "uid"; did you mean user:?');
    expect(queryProblem("usr:")).toContain("user:?");
    for (const right of [
      "user:root",
      "ip:=10.0.0.1",
      "localhost:80",
      "http://cdn",
      "10:30",
      ":8765",
      '"usr:root"',
      "nginx:alpine",
    ])
      expect(queryProblem(right), right).toBeUndefined();
  });
});
