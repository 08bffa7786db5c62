import { sanitise } from "../../ui/text/sanitise.ts";
import { isoTime } from "../events/native.ts";
import { type Answer, clipped } from "./trace.ts";

/** A trace as a flowchart of Mermaid. Dotted: not observed. */
export function mermaidOf(answer: Answer): string {
  const lines = ["flowchart TD"];
  const marked: string[] = [];
  for (const [index, step] of answer.steps.entries()) {
    lines.push(`  n${index}["${entities(step.title)}"]`);
    if (step.cause >= 0) {
      const arrow = step.certainty === "observed" ? "-->" : "-.->";
      lines.push(
        `  n${step.cause} ${arrow}|"${entities(`${isoTime(answer.wallMs(step.atNs))} ${step.explanation}`)}"| n${index}`,
      );
    }
    if (step.target) marked.push(`  style n${index} stroke-width:4px`);
    else if (step.severity !== undefined) marked.push(`  style n${index} stroke:red`);
  }
  return [...lines, ...marked].join("\n");
}

/** Quotes, backticks, "%%{" and "style x:#" mean something even inside a label: all but plain characters become entities. */
function entities(text: string): string {
  return clipped(sanitise(text)).replace(/[^\p{L}\p{N}\p{M} .,_/=+@-]/gu, (char) => `#${char.codePointAt(0)};`);
}
