import type { ImpactTree, OriginChain, OriginStep, Trace } from "../../core/query/model.ts";
import type { Glyphs } from "../theme/glyphs.ts";
import { formatMoment } from "./format.ts";
import { sanitise } from "./sanitise.ts";

/** The lines of the tree in front of each step; a step hangs under its cause, a further root explains the step before it. */
export function stepGuides(steps: readonly OriginStep[], glyphs: Glyphs): readonly string[] {
  const lastChild = new Map<number, number>();
  for (const [index, step] of steps.entries()) {
    lastChild.set(step.cause, index);
  }
  const isLast = (index: number): boolean => lastChild.get(steps[index]?.cause ?? -1) === index;
  return steps.map((step, index) => {
    if (step.cause < 0) {
      return index === 0 ? "" : "also ";
    }
    const above: string[] = [];
    for (let at = step.cause; at >= 0 && (steps[at]?.cause ?? -1) >= 0 && above.length < steps.length; ) {
      above.unshift(isLast(at) ? "   " : glyphs.through);
      at = steps[at]?.cause ?? -1;
    }
    return above.join("") + (isLast(index) ? glyphs.lastBranch : glyphs.branch);
  });
}

/** "9 of 9 links observed, no gaps". */
export function evidenceText(chain: Trace): string {
  const gaps = chain.gaps.length === 0 ? "no gaps" : chain.gaps.join("; ");
  return `${chain.observedLinks} of ${chain.links} links observed, ${gaps}`;
}

/** A chain as plain text, for the clipboard and for pipes. */
export function originText(chain: OriginChain, wallMs: (ns: number) => number, nowMs: number, glyphs: Glyphs): string {
  return traceText(`Origin of ${chain.title}`, chain.rootCause, chain, wallMs, nowMs, glyphs);
}

/** What something led to as plain text. */
export function impactText(tree: ImpactTree, wallMs: (ns: number) => number, nowMs: number, glyphs: Glyphs): string {
  return traceText(`Impact of ${tree.title}`, tree.summary, tree, wallMs, nowMs, glyphs);
}

function traceText(
  title: string,
  sentence: string,
  trace: Trace,
  wallMs: (ns: number) => number,
  nowMs: number,
  glyphs: Glyphs,
): string {
  const guides = stepGuides(trace.steps, glyphs);
  const steps = trace.steps.map((step, index) => {
    const certainty = step.certainty === "observed" ? "" : ` (${step.certainty})`;
    const left = step.left === undefined ? "" : ` (${step.left} more)`;
    const mark = step.target ? "  <" : "";
    const time = formatMoment(wallMs(step.atNs), nowMs);
    return `  ${time}  ${guides[index] ?? ""}${step.title}   ${step.explanation}${certainty}${left}${mark}`;
  });
  return [title, `  ${sentence}`, ...steps, `  evidence: ${evidenceText(trace)}`].map(sanitise).join("\n");
}
