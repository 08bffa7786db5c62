import { sanitise } from "../../ui/text/sanitise.ts";
import { isoTime } from "../events/native.ts";
import { type Answer, clipped } from "./trace.ts";

/** A trace as a graph of Graphviz. Dashed: not observed; bold: what was asked about; red: part of a finding. */
export function dotOf(answer: Answer): string {
  const lines = [
    `digraph ${answer.question} {`,
    `  label=${quoted(`${answer.question} of ${answer.title}: ${answer.summary}`)};`,
    "  labelloc=t;",
    '  node [shape=box, fontname="monospace"];',
    '  edge [fontname="monospace", fontsize=10];',
  ];
  for (const [index, step] of answer.steps.entries()) {
    const style = `${step.target ? ", style=bold" : ""}${step.severity === undefined ? "" : ", color=red"}`;
    lines.push(`  n${index} [label=${quoted(step.title)}${style}];`);
    if (step.cause < 0) continue;
    const dashed = step.certainty === "observed" ? "" : ", style=dashed";
    const label = quoted(`${isoTime(answer.wallMs(step.atNs))} ${step.explanation}`);
    lines.push(`  n${step.cause} -> n${index} [label=${label}${dashed}];`);
  }
  return [...lines, "}"].join("\n");
}

/** A quoted string of the DOT language; labels know escapes and the entities of HTML besides. */
function quoted(text: string): string {
  const safe = clipped(sanitise(text)).replaceAll("&", "&amp;").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `"${safe}"`;
}
