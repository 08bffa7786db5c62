import { sanitise } from "../../ui/text/sanitise.ts";
import { isoTime } from "../events/native.ts";
import { type Answer, clipped } from "./trace.ts";

/** Mermaid's maxTextSize, unless it is configured: of a longer text it draws an error. */
const MOST_TEXT = 50_000;

/** A trace as a flowchart of Mermaid. Dotted: not observed; thick: what was asked about; red: part of a finding. */
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
    const style = [
      ...(step.severity === undefined ? [] : ["stroke:red"]),
      ...(step.target ? ["stroke-width:4px"] : []),
    ];
    if (style.length > 0) marked.push(`  style n${index} ${style.join(",")}`);
  }
  return [...lines, ...marked].join("\n");
}

/** What to say of a flowchart that Mermaid does not draw as it is. */
export function tooLong({ length }: string): string | undefined {
  if (length <= MOST_TEXT) return undefined;
  return `Mermaid draws ${MOST_TEXT} characters, these are ${length}: raise its maxTextSize, or ask for --dot`;
}

/** Quotes, backticks, "%%{" and "style x:#" mean something even inside a label: all but plain characters become entities. */
function entities(text: string): string {
  return clipped(sanitise(text)).replace(/[^\p{L}\p{N}\p{M} .,_/=+@-]/gu, (char) => `#${char.codePointAt(0)};`);
}
