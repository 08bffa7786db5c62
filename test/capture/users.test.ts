import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { UserNames } from "../../src/capture/users.ts";

function passwd(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "users-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "passwd");
  writeFileSync(path, content);
  return path;
}

test("root is root, an unknown id its number", () => {
  const users = new UserNames();
  expect(users.name(0)).toBe("root");
  expect(users.name(4_294_901_234)).toBe("4294901234");
});

test("the first name of an id wins; lines that are no entry are passed over", () => {
  const users = new UserNames(
    passwd("# note\n+::::::\n\nweb:x:33:33::/srv:/bin/sh\nalias:x:33:33::/tmp:/bin/sh\nbad:x:-1:0::/:\n"),
  );
  expect(users.name(33)).toBe("web");
  expect(users.home(33)).toBe("/srv");
  expect(users.name(-1)).toBe("-1");
});

test("a new user is known after a while, and a file that is gone keeps the old names", () => {
  const path = passwd("web:x:33:33::/srv:/bin/sh\n");
  let nowMs = 0;
  const users = new UserNames(path, () => nowMs);
  expect(users.name(1001)).toBe("1001");
  writeFileSync(`${path}+`, "web:x:33:33::/srv:/bin/sh\ndeploy:x:1001:1001::/home/deploy:/bin/sh\n");
  renameSync(`${path}+`, path);
  nowMs += 10_000;
  expect(users.name(1001)).toBe("deploy");
  rmSync(path);
  nowMs += 10_000;
  expect(users.name(1001)).toBe("deploy");
});
