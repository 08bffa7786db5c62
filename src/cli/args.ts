import { parseArgs } from "node:util";
import { nearest } from "../ui/search/mistyped.ts";
import { THEMES, type ThemeName } from "../ui/theme/tokens.ts";
import { filterProblem } from "./events/filter.ts";
import { COMMANDS, type CommandName, OPTIONS, type OptionEntry } from "./manual.ts";
import { isSubject } from "./subject.ts";

/** Where events come from, and how much of them is remembered. */
export interface Input {
  /** Read the kernel's events; false = poll /proc even where BPF is to be had. */
  readonly bpf: boolean;
  /** A recording or another tool's file instead of this machine. */
  readonly from?: string;
  readonly memoryLimitBytes?: number;
}

/** Which processes were asked for. */
interface Choice {
  /** Only this process, those above it and those below it; on the screens those below it. */
  readonly pid?: number;
  /** Only processes of this user, a name or a uid. */
  readonly user?: string;
}

export interface TopOptions extends Choice {
  readonly refreshMs: number;
  readonly noColor: boolean;
  readonly ascii: boolean;
  readonly readOnly: boolean;
  readonly mouse: boolean;
  readonly theme: ThemeName;
  readonly input: Input;
  /** A file to record to meanwhile. */
  readonly record?: string;
}

export interface BatchOptions extends Choice {
  readonly refreshMs: number;
  readonly ascii: boolean;
  readonly input: Input;
  /** Frames to print; 0 = until interrupted. */
  readonly frames: number;
  readonly json: boolean;
}

export type EventForm = "text" | "native" | "ocsf" | "ecs";

export interface EventsOptions {
  readonly form: EventForm;
  readonly filter: string;
  readonly input: Input;
  /** Events to print; 0 = all. */
  readonly count: number;
  readonly seconds?: number;
}

export type ChainForm = "text" | "json" | "dot" | "mermaid";

export interface ChainOptions {
  readonly question: "origin" | "impact";
  readonly what: string;
  readonly form: ChainForm;
  readonly ascii: boolean;
  /** Every step, not only those that tell most. */
  readonly all: boolean;
  readonly input: Input;
}

export type Command =
  | { readonly kind: "top"; readonly options: TopOptions }
  | { readonly kind: "batch"; readonly options: BatchOptions }
  | { readonly kind: "events"; readonly options: EventsOptions }
  | { readonly kind: "chain"; readonly options: ChainOptions }
  | { readonly kind: "doctor"; readonly json: boolean; readonly noColor: boolean }
  | { readonly kind: "record"; readonly path: string; readonly input: Input; readonly seconds?: number }
  | { readonly kind: "snapshot"; readonly path: string; readonly input: Input }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "misuse"; readonly message: string };

type OptionName = (typeof OPTIONS)[number]["name"];
/** A switch that is on is ""; what was not given is not there. */
type Values = { readonly [K in OptionName]?: string };

class Misuse extends Error {}

/** What the arguments (without the program's name) ask for. */
export function parseCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = read(args);
    const [name = "top", ...operands] = positionals;
    if (values.help !== undefined || name === "help") return { kind: "help" };
    if (values.version !== undefined) return { kind: "version" };
    const command = COMMANDS.find((one) => one.name === name);
    if (command === undefined) throw new Misuse(`there is no command "${name}"`);
    for (const option of OPTIONS as readonly OptionEntry[])
      if (values[option.name as OptionName] !== undefined && !option.on.includes(command.name))
        throw new Misuse(`--${option.name} is no option of ${command.name}, but of ${option.on.join(", ")}`);
    const wanted = command.operand === undefined ? 0 : 1;
    if (operands.length > wanted) throw new Misuse(`too many arguments: ${operands.slice(wanted).join(" ")}`);
    const operand = operands[0] ?? "";
    if (wanted === 1 && (operand === "" || operand === ":")) throw new Misuse(command.ask ?? "");
    return commandOf(command.name, operand, values);
  } catch (error) {
    if (error instanceof Misuse) return { kind: "misuse", message: error.message };
    throw error;
  }
}

function commandOf(name: CommandName, operand: string, values: Values): Command {
  switch (name) {
    case "top":
      return topCommand(values);
    case "replay":
      return topCommand({ ...values, from: operand });
    case "events":
      return { kind: "events", options: eventsOptions(values) };
    case "origin":
    case "impact":
      if (!isSubject(operand)) throw new Misuse(`"${operand}" is no pid, no ip:port and no path that begins with /`);
      return {
        kind: "chain",
        options: {
          question: name,
          what: operand,
          form: chainForm(values),
          ascii: values.ascii !== undefined,
          all: values.all !== undefined,
          input: inputOf(values),
        },
      };
    case "record": {
      const seconds = secondsOf(values);
      return { kind: name, path: operand, input: inputOf(values), ...(seconds === undefined ? {} : { seconds }) };
    }
    case "snapshot":
      return { kind: name, path: operand, input: inputOf(values) };
    case "doctor":
      plainJson(values);
      return { kind: "doctor", json: values.json !== undefined, noColor: values["no-color"] !== undefined };
    case "help":
      return { kind: "help" };
  }
}

function topCommand(values: Values): Command {
  const seconds = numberOf(values, "delay", "seconds from 0.1 to 60", (n) => n >= 0.1 && n <= 60) ?? 1;
  const theme = THEMES.find((name) => name === (values.theme ?? "dark"));
  if (theme === undefined) throw new Misuse(`--theme knows ${THEMES.join(", ")}, not "${values.theme}"`);
  const shared = { refreshMs: seconds * 1000, ascii: values.ascii !== undefined, input: inputOf(values) };
  const frames = countOf(values);
  const pid = numberOf(values, "pid", "the number of a process", (n) => Number.isSafeInteger(n) && n > 0);
  const { user } = values;
  const choice = { ...(pid === undefined ? {} : { pid }), ...(user === undefined ? {} : { user }) };
  plainJson(values);
  if (values.batch !== undefined || values.json !== undefined) {
    if (values.record !== undefined)
      throw new Misuse("--record goes with the live screens: without them there is record FILE");
    return { kind: "batch", options: { ...shared, frames: frames ?? 1, json: values.json !== undefined, ...choice } };
  }
  if (values.record !== undefined && values.from !== undefined)
    throw new Misuse("--record is for this machine: of a file there is a copy already");
  if (frames !== undefined) throw new Misuse("--count goes with --batch");
  return {
    kind: "top",
    options: {
      ...shared,
      ...choice,
      noColor: values["no-color"] !== undefined,
      readOnly: values["read-only"] !== undefined,
      mouse: values.mouse !== undefined,
      theme,
      ...(values.record === undefined ? {} : { record: values.record }),
    },
  };
}

function eventsOptions(values: Values): EventsOptions {
  const seconds = secondsOf(values);
  const { json, filter = "" } = values;
  const problem = filterProblem(filter);
  if (problem !== undefined) throw new Misuse(`--filter: ${problem}`);
  const form = json === undefined ? "text" : json === "" ? "native" : json;
  if (form !== "text" && form !== "native" && form !== "ocsf" && form !== "ecs")
    throw new Misuse(`--json knows native, ocsf and ecs, not "${form}"`);
  const options = { form, filter, input: inputOf(values), count: countOf(values) ?? 0 } as const;
  return seconds === undefined ? options : { ...options, seconds };
}

function chainForm(values: Values): ChainForm {
  plainJson(values);
  const [form, other] = (["json", "dot", "mermaid"] as const).filter((name) => values[name] !== undefined);
  if (other !== undefined) throw new Misuse(`--${form} or --${other}, not both`);
  return form ?? "text";
}

function inputOf(values: Values): Input {
  const { from } = values;
  if (from === "") throw new Misuse("--from wants a file");
  const mb = numberOf(
    values,
    "memory",
    "megabytes from 16 to 65536",
    (n) => Number.isSafeInteger(n) && n >= 16 && n <= 65_536,
  );
  return {
    bpf: values["no-bpf"] === undefined,
    ...(from === undefined ? {} : { from }),
    ...(mb === undefined ? {} : { memoryLimitBytes: mb * 1024 * 1024 }),
  };
}

/** A timer counts ms in 31 bits. */
const MAX_SECONDS = 2_147_483;

const secondsOf = (values: Values): number | undefined =>
  numberOf(values, "seconds", `seconds above 0, ${MAX_SECONDS} at most`, (n) => n > 0 && n <= MAX_SECONDS);

const countOf = (values: Values): number | undefined =>
  numberOf(values, "count", "a whole number", (n) => Number.isSafeInteger(n) && n >= 0);

function numberOf(
  values: Values,
  name: OptionName,
  wanted: string,
  holds: (value: number) => boolean,
): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = /^\d+(\.\d+)?$/u.test(text) ? Number(text) : Number.NaN;
  if (!holds(value)) throw new Misuse(`--${name} wants ${wanted}, not "${text}"`);
  return value;
}

/** Events alone have several forms. */
function plainJson({ json }: Values): void {
  if (json !== undefined && json !== "") throw new Misuse(`--json has the form "${json}" only with events`);
}

const PARSED = Object.fromEntries(
  (OPTIONS as readonly OptionEntry[]).map(({ name, short, value }) => [
    name,
    {
      type: value === undefined || value.startsWith("[") ? ("boolean" as const) : ("string" as const),
      ...(short === undefined ? {} : { short }),
    },
  ]),
);

/** A value that may be left out is told by "=" alone: `--json FILE` is a switch and an operand. */
const OPTIONAL = /^--(json)=(.*)$/su;

const nameIn = (arg: string): string => arg.slice(2).split("=")[0] ?? "";
const isOption = (arg: string): boolean => nameIn(arg) in PARSED;

function meantOption(arg: string): string {
  const near = nearest(
    nameIn(arg),
    OPTIONS.map(({ name }) => name),
  );
  return near === undefined ? "" : `; did you mean --${near}?`;
}

function read(args: readonly string[]): { values: Values; positionals: readonly string[] } {
  const end = args.indexOf("--");
  const told: Record<string, string> = {};
  const plain = args.map((arg, at) => {
    const optional = end >= 0 && at > end ? null : OPTIONAL.exec(arg);
    if (optional === null) return arg;
    if (optional[2] === "") throw new Misuse(`${arg} lacks a form`);
    told[optional[1] ?? ""] = optional[2] ?? "";
    return `--${optional[1]}`;
  });
  try {
    const { values, positionals } = parseArgs({ args: plain, options: PARSED, allowPositionals: true });
    const given = Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? value : ""]);
    return { values: { ...Object.fromEntries(given), ...told }, positionals };
  } catch (error) {
    const [given] = plain.filter((arg, at) => (end < 0 || at < end) && /^--[^=]/u.test(arg) && !isOption(arg));
    if (given !== undefined) throw new Misuse(`there is no option ${given}${meantOption(given)}`);
    throw new Misuse(inOurWords(error instanceof Error ? error.message : String(error)));
  }
}

/** What parseArgs says, in a short sentence. */
function inOurWords(message: string): string {
  const [, option = "", fault = ""] = /^(?:Unknown option|Option) '(?:-\w, )?([^' ]+)[^']*'(.*)/u.exec(message) ?? [];
  if (option === "") return message;
  if (message.startsWith("Unknown")) return `there is no option ${option}`;
  return `${option} ${fault.includes("does not take") ? "takes no value" : "lacks its value"}`;
}
