import type { Subject } from "../core/query/model.ts";
import type { Queries } from "../ui/ports.ts";
import { originText } from "../ui/text/origin-text.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { glyphsOf } from "../ui/theme/glyphs.ts";
import type { Input } from "./args.ts";
import { openSource } from "./open-source.ts";
import { createSession } from "./session.ts";

/** What a user calls "4711", "192.0.2.1:443", ":22" or "/tmp/x". The newest of several. */
export function findSubject(queries: Queries, what: string): Subject | undefined {
  const subjects = queries.entries();
  if (/^\d+$/u.test(what)) {
    return subjects
      .filter(({ live }) => live)
      .map(({ subject }) => subject)
      .findLast((subject) => subject.kind === "process" && queries.process(subject.id)?.pid === Number(what)) as
      | Subject
      | undefined;
  }
  if (what.startsWith("/")) {
    return subjects.findLast(({ subject, text }) => subject.kind === "file" && text === what)?.subject as
      | Subject
      | undefined;
  }
  const row = queries
    .connections(undefined, true)
    .find(({ local, remote }) => local === what || remote === what || (what.startsWith(":") && local.endsWith(what)));
  return row === undefined ? undefined : { kind: "connection", id: row.id };
}

/** JSON.stringify escapes C0 alone; a terminal obeys more than that. */
function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Prints how something came to be. Returns the exit code: 1 when it is not known. */
export function runOrigin(what: string, json: boolean, input: Input): number {
  const source = openSource(input);
  try {
    const session = createSession(source);
    session.settle();
    const { queries } = session;
    const subject = findSubject(queries, what);
    if (subject === undefined) {
      process.stderr.write(`spydertop: nothing known about ${sanitise(what)}\n`);
      return 1;
    }
    const chain = queries.origin(subject);
    const wallMs = (ns: number): number => queries.wallMs(ns);
    const text = json
      ? safeJson({ ...chain, steps: chain.steps.map((step) => ({ ...step, atMs: wallMs(step.atNs) })) })
      : originText(chain, wallMs, wallMs(queries.nowNs), glyphsOf(false));
    process.stdout.write(`${text}\n`);
    return 0;
  } finally {
    source.close();
  }
}
