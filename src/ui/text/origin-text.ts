import type { ImpactTree, OriginChain, OriginStep, Trace } from "../../core/query/model.ts";
import type { Glyphs } from "../theme/glyphs.ts";
import { formatDay, formatMoment } from "./format.ts";
import { sanitise } from "./sanitise.ts";
import { truncateMiddle } from "./width.ts";

/** The lines of the tree in front of a step, and in front of more text below it. */
export interface StepGuide {
  readonly lead: string;
  readonly below: string;
}

const ALSO = "also ";
/** Cells of a step's name and of its explanation, and of the sentence: an argument list may have a megabyte. */
const MOST = 160;
const SENTENCE = 4 * MOST;

/** A step hangs under its cause; a further root stands beside the step it explains, the one before it. */
export function stepGuides(steps: readonly OriginStep[], glyphs: Glyphs): readonly StepGuide[] {
  const lastChild = new Map<number, number>();
  for (const [index, step] of steps.entries()) {
    lastChild.set(step.cause, index);
  }
  /** What stands in front of the children of each step. */
  const inner: string[] = [];
  return steps.map(({ cause }, index) => {
    const goesOn = (parent: number): string => ((lastChild.get(parent) ?? -1) > index ? glyphs.through : "   ");
    const below = (): string => (inner[index] ?? "") + goesOn(index);
    if (cause >= 0) {
      const outer = inner[cause] ?? "";
      inner[index] = outer + goesOn(cause);
      return { lead: outer + (lastChild.get(cause) === index ? glyphs.lastBranch : glyphs.branch), below: below() };
    }
    if (index === 0) {
      inner[index] = "";
      return { lead: "", below: below() };
    }
    const outer = (inner[index - 1] ?? "") + goesOn(index - 1);
    inner[index] = outer + " ".repeat(ALSO.length);
    return { lead: outer + ALSO, below: below() };
  });
}

/** "9 of 9 links observed, no gaps". */
export function evidenceText(chain: Trace): string {
  const gaps = chain.gaps.length === 0 ? "no gaps" : chain.gaps.join("; ");
  return `${chain.observedLinks} of ${chain.links} links observed, ${gaps}`;
}

/** A chain as plain text, for the clipboard and for pipes; `whole` with every text at its full length. */
export function originText(
  chain: OriginChain,
  wallMs: (ns: number) => number,
  nowMs: number,
  glyphs: Glyphs,
  whole = false,
): string {
  return traceText(`Origin of ${chain.title}`, chain.rootCause, chain, wallMs, nowMs, glyphs, whole);
}

/** What something led to as plain text. */
export function impactText(
  tree: ImpactTree,
  wallMs: (ns: number) => number,
  nowMs: number,
  glyphs: Glyphs,
  whole = false,
): string {
  return traceText(`Impact of ${tree.title}`, tree.summary, tree, wallMs, nowMs, glyphs, whole);
}

function traceText(
  title: string,
  sentence: string,
  trace: Trace,
  wallMs: (ns: number) => number,
  nowMs: number,
  glyphs: Glyphs,
  whole: boolean,
): string {
  const guides = stepGuides(trace.steps, glyphs);
  const short = (text: string): string =>
    whole ? sanitise(text) : truncateMiddle(sanitise(text), MOST, glyphs.ellipsis);
  const steps = trace.steps.map((step, index) => {
    const certainty = step.certainty === "observed" ? "" : ` (${step.certainty})`;
    const left = step.left === undefined ? "" : ` (${step.left} more)`;
    const mark = step.target ? "  <" : "";
    const time = formatMoment(wallMs(step.atNs), nowMs);
    return `  ${time}  ${guides[index]?.lead ?? ""}${short(step.title)}   ${short(step.explanation)}${certainty}${left}${mark}`;
  });
  return [
    short(title),
    `  ${whole ? sentence : truncateMiddle(sanitise(sentence), SENTENCE, glyphs.ellipsis)}`,
    ...steps,
    `  evidence: ${evidenceText(trace)}; as of ${formatDay(nowMs)}`,
  ]
    .map(sanitise)
    .join("\n");
}
