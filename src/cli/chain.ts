import { realpathSync } from "node:fs";
import type { Graph } from "../core/graph/graph.ts";
import type { Subject } from "../core/query/model.ts";
import { impactText, originText } from "../ui/text/origin-text.ts";
import { glyphsOf } from "../ui/theme/glyphs.ts";
import type { ChainOptions } from "./args.ts";
import { dotOf } from "./format/dot.ts";
import { mermaidOf, tooLong } from "./format/mermaid.ts";
import type { Answer } from "./format/trace.ts";
import { traceJson } from "./format/trace-json.ts";
import { EXIT } from "./manual.ts";
import { openSource } from "./open-source.ts";
import { note, tellLimits } from "./output.ts";
import { createSession, follow, type Session } from "./session.ts";
import { findSubject, type Match, othersOf } from "./subject.ts";

const NOT_HERE =
  ": capture began just now, and what had ended before, or nobody uses now, is not seen. Ask a recording (--from FILE), or the live screen, which remembers";

/** Prints how something came to be, or what came of it. Resolves with the exit code: 1 when it is not known. */
export async function runChain(options: ChainOptions): Promise<number> {
  const { what, input } = options;
  const source = await openSource(input);
  try {
    const session = createSession(source, follow(input));
    await session.settle();
    tellLimits(source.status());
    const { graph } = session.monitor;
    const match = findSubject(graph, what) ?? (input.from === undefined ? linkedSubject(graph, what) : undefined);
    if (match === undefined) {
      note(`nothing known about ${what}${input.from === undefined ? NOT_HERE : ""}`);
      return EXIT.FAILED;
    }
    if (match.others > 0) note(othersOf(what, match));
    process.stdout.write(`${answerOf(session, match.subject, options)}\n`);
    return EXIT.OK;
  } finally {
    source.close();
  }
}

/** What a path leads to here through symbolic links, as /var/run does: the kernel tells paths without them. */
function linkedSubject(graph: Graph, what: string): Match | undefined {
  try {
    return what.startsWith("/") ? findSubject(graph, realpathSync(what)) : undefined;
  } catch {
    return undefined;
  }
}

function answerOf(session: Session, subject: Subject, { question, form, ascii, all }: ChainOptions): string {
  const { queries, monitor } = session;
  const wallMs = (ns: number): number => queries.wallMs(ns);
  const text = [wallMs, wallMs(queries.nowNs), glyphsOf(ascii), all] as const;
  let answer: Answer;
  if (question === "origin") {
    const chain = queries.origin(subject, all);
    if (form === "text") return originText(chain, ...text);
    answer = { question, ...chain, summary: chain.rootCause, wallMs };
  } else {
    const tree = queries.impact(subject, all);
    if (form === "text") return impactText(tree, ...text);
    answer = { question, ...tree, wallMs };
  }
  switch (form) {
    case "json":
      return traceJson(answer, monitor.graph, session.totals());
    case "dot":
      return dotOf(answer);
    case "mermaid": {
      const drawing = mermaidOf(answer);
      const undrawn = tooLong(drawing);
      if (undrawn !== undefined) note(undrawn);
      return drawing;
    }
  }
}
