import { keyRows } from "../ui/keymap/help.ts";
import { COMMANDS, EXAMPLES, EXIT_CODES, GROUPS, OPTIONS, type OptionEntry, type OptionGroup, WHAT } from "./manual.ts";

const WIDTH = 80;
const INDENT = 2;
const COLUMN = 25;
const KEY_COLUMN = 21;

/** Text in lines of at most `width`; a longer word stands alone. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** "-n, --count N", "    --json[=FORM]". */
export function optionForm({ name, short, value }: OptionEntry): string {
  const long = `--${name}${value === undefined ? "" : value.startsWith("[") ? value : ` ${value}`}`;
  return short === undefined ? `    ${long}` : `-${short}, ${long}`;
}

/** Options of a group, in the order of the table. */
export function optionsIn(group: OptionGroup): readonly OptionEntry[] {
  return OPTIONS.filter((option: OptionEntry) => option.group === group);
}

export const PURPOSE =
  "spydertop shows, live, what runs on this machine, what it talks to and touches, and how it came to be.";

/** What --help prints. */
export function usage(): string {
  const commands = COMMANDS.map(({ name, operand, help }) => entry(operand ? `${name} ${operand}` : name, help));
  const groups = Object.entries(GROUPS).flatMap(([group, title]) => [
    "",
    `${title}:`,
    ...optionsIn(group as OptionGroup).map((option) => entry(optionForm(option), option.help)),
  ]);
  return [
    ...wrap(PURPOSE, WIDTH),
    "",
    "Usage: spydertop [COMMAND] [OPTIONS]",
    "",
    "Commands:",
    ...commands,
    `${" ".repeat(INDENT)}${WHAT}`,
    ...groups,
    "",
    "Exit codes:",
    ...EXIT_CODES.map(([code, meaning]) => entry(String(code), meaning, 5)),
    "",
    "Examples:",
    ...EXAMPLES.flatMap(([command, meaning]) => [`  ${command}`, `      ${meaning}`]),
    "",
    "Reading the kernel's events needs root. Keys of the monitor:",
    ...keyRows().flatMap((row) => (row.kind === "heading" ? ["", row.text] : [entry(row.keys, row.help, KEY_COLUMN)])),
    "",
  ].join("\n");
}

function entry(form: string, help: string, column: number = COLUMN): string {
  const [first = "", ...rest] = wrap(help, WIDTH - column);
  const head = `${" ".repeat(INDENT)}${form}`;
  const lines = head.length < column ? [head.padEnd(column) + first] : [head, " ".repeat(column) + first];
  return [...lines, ...rest.map((line) => " ".repeat(column) + line)].join("\n");
}
