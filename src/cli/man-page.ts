import { keyRows } from "../ui/keymap/help.ts";
import { optionForm, optionsIn, PURPOSE } from "./help.ts";
import { COMMANDS, EXAMPLES, EXIT_CODES, GROUPS, type OptionGroup, WHAT } from "./manual.ts";

const FILES =
  "Nothing is written but what record, snapshot and ^s are told to write: a new file of mode 0600, never through a symbolic link.";

/** spydertop(1) as roff, from the tables that parse the arguments and the keys. */
export function manPage(version: string): string {
  const options = Object.entries(GROUPS).flatMap(([group, title]) => [
    `.SS ${text(title)}`,
    ...optionsIn(group as OptionGroup).flatMap((option) => item(bold(optionForm(option).trim()), option.help)),
  ]);
  const keys = keyRows().flatMap((row) =>
    row.kind === "heading" ? [`.SS ${text(row.text)}`] : item(bold(row.keys), row.help),
  );
  return [
    `.TH SPYDERTOP 1 "" "spydertop ${text(version)}"`,
    ".SH NAME",
    "spydertop \\- live monitor that shows what runs, what it touches, and how it came to be",
    ".SH SYNOPSIS",
    ...COMMANDS.flatMap(({ name, operand }) => [
      `.B spydertop ${name}${operand === undefined ? "" : ` \\fI${operand}\\fR`} [OPTIONS]`,
      ".br",
    ]),
    ".SH DESCRIPTION",
    text(PURPOSE),
    ".SH COMMANDS",
    ...COMMANDS.flatMap(({ name, operand, help }) => item(bold(operand ? `${name} ${operand}` : name), help)),
    ".PP",
    text(WHAT),
    ".SH OPTIONS",
    ...options,
    ".SH KEYS",
    ...keys,
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, meaning]) => item(bold(String(code)), meaning)),
    ".SH ENVIRONMENT",
    ...item(bold("NO_COLOR"), "set to anything: no colours"),
    ".SH FILES",
    text(FILES),
    ".SH EXAMPLES",
    ...EXAMPLES.flatMap(([command, meaning]) => item(bold(command), meaning)),
    "",
  ].join("\n");
}

function item(head: string, help: string): readonly string[] {
  return [".TP", head, text(help)];
}

function bold(plain: string): string {
  return `\\fB${text(plain)}\\fR`;
}

/** A dot or an apostrophe that begins a line would be a request; a hyphen that is typed must stay one. */
function text(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/u, "\\&")
    .replace(/[^ -~]/gu, (char) => `\\[u${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`);
}
