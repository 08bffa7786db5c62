import { describe, expect, test } from "vitest";
import { AddressNames } from "../../../src/core/graph/address-names.ts";
import { connections } from "../../../src/core/query/connections.ts";
import type { ConnectionRow } from "../../../src/core/query/model.ts";
import { processRow } from "../../../src/core/query/process-row.ts";
import { searchEntries } from "../../../src/core/query/search.ts";
import { graphFromText, type Told } from "../fixture.ts";

const rowTo = (told: Told, endpoint: string): ConnectionRow | undefined =>
  connections(told.monitor).find((row) => row.id === told.connection(endpoint));

describe("a name that was looked up", () => {
  const told = graphFromText(
    "bash > curl; curl resolves cdn.x = 198.51.100.7; curl -> 198.51.100.7:80; bash > wget; wget -> 198.51.100.7:443; wget -> 192.0.2.1:1",
  );

  test("is shown on the connections its asker makes after it", () => {
    const row = rowTo(told, "198.51.100.7:80");
    expect(row).toMatchObject({ name: "cdn.x", remote: "198.51.100.7:80" });
    expect(row).not.toHaveProperty("nameGuessed");
    const [chip] = processRow(told.monitor, told.process("curl"))?.activity ?? [];
    expect(chip?.text).toBe("cdn.x 198.51.100.7:80");
    const found = searchEntries(told.monitor).entries.filter((entry) => entry.haystack.includes("cdn.x"));
    expect(found.map((entry) => entry.subject.kind)).toContain("connection");
  });

  test("is a guess for another process of this host", () => {
    expect(rowTo(told, "198.51.100.7:443")).toMatchObject({
      name: "cdn.x",
      nameGuessed: true,
    });
  });

  test("names no other address", () => {
    expect(rowTo(told, "192.0.2.1:1")).not.toHaveProperty("name");
  });
});

test("each asker's own answer comes before another's", () => {
  const told = graphFromText(
    "a resolves one.x = 198.51.100.7; b resolves two.x = 198.51.100.7; a -> 198.51.100.7:1; b -> 198.51.100.7:2; c -> 198.51.100.7:3",
  );
  const names = [1, 2, 3].map((port) => rowTo(told, `198.51.100.7:${port}`)?.name);
  expect(names).toEqual(["one.x", "two.x", "two.x"]);
});

test("more names than are kept forget the oldest, and stay within bounds", () => {
  const names = new AddressNames();
  const address = (i: number) => Uint32Array.of(0, 0, 0xffff0000, i);
  for (let i = 0; i < 20_000; i++) names.learn(1, address(i), 0, `name${i}.x`);
  expect(names.find(1, address(0), 0)).toBeUndefined();
  expect(names.find(1, address(19_999), 0)).toEqual({ name: "name19999.x", own: true });
  expect(names.bytes).toBeLessThan(4e6);
});
