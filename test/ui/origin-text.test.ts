import { expect, test } from "vitest";
import type { OriginStep } from "../../src/core/query/model.ts";
import { stepGuides } from "../../src/ui/text/origin-text.ts";
import { glyphsOf } from "../../src/ui/theme/glyphs.ts";

const step = (title: string, cause: number): OriginStep => ({
  subject: { kind: "process", id: 1 },
  link: "spawned",
  atNs: 0,
  title,
  explanation: "",
  certainty: "observed",
  depth: 0,
  cause,
  target: false,
});

test("steps hang under their cause; a further root, and what follows from it, stands beside the step it explains", () => {
  const steps = [
    step("cron", -1),
    step("curl", 0),
    step("node", 1),
    step("start.sh", -1),
    step("log", 3),
    step("sh", 2),
    step("x", 5),
  ];
  const guides = stepGuides(steps, glyphsOf(false));
  expect(steps.map(({ title }, at) => (guides[at]?.lead ?? "") + title)).toEqual([
    "cron",
    "└─ curl",
    "   └─ node",
    "      │  also start.sh",
    "      │       └─ log",
    "      └─ sh",
    "         └─ x",
  ]);
  expect(guides.map(({ below }) => below.trimEnd())).toEqual([
    "│",
    "   │",
    "      │",
    "      │       │",
    "      │",
    "         │",
    "",
  ]);
});
