import { baseName } from "./paths.ts";

/** Where an interpreter takes its program from. A module, or the text of an argument, is neither a file nor standard input. */
export type Program =
  | { readonly from: "file"; readonly path: string }
  | { readonly from: "stdin" }
  | { readonly from: "argument"; readonly text: string };

/** What an option means for the program: its value is program text, or names the program, or says nothing of it. */
type Meaning = "code" | "file" | "value";

/** How the command line of an interpreter is read; letters are short options, which may stand in one word. */
interface Grammar {
  /** Program text follows, or a module that is none. */
  readonly code: string;
  /** A value follows, in the rest of the word or in the next one. */
  readonly value?: string;
  /** A value follows in the rest of the word, if at all. */
  readonly attached?: string;
  /** The program's file follows. */
  readonly file?: string;
  /** Values are always words of their own, and the letters after theirs are options too. */
  readonly apart?: boolean;
  /** Commands come from standard input although there are operands. */
  readonly stdin?: string;
  readonly long?: Readonly<Record<string, Meaning>>;
  /** The first operand is the program's text. */
  readonly text?: boolean;
}

const SHELL: Grammar = {
  code: "c",
  value: "oO",
  apart: true,
  stdin: "s",
  long: { "--rcfile": "value", "--init-file": "value", "--command": "code", "--init-command": "value" },
};
const PERL: Grammar = { code: "eE", value: "I", attached: "MmiFxDdCV" };
const RUBY: Grammar = { code: "e", value: "IrCE", attached: "KWxiFT" };
const PYTHON: Grammar = { code: "cm", value: "WX", long: { "--check-hash-based-pycs": "value" } };
const NODE: Grammar = {
  code: "ep",
  value: "rC",
  long: {
    "--eval": "code",
    "--print": "code",
    "--require": "value",
    "--import": "value",
    "--loader": "value",
    "--experimental-loader": "value",
    "--conditions": "value",
    "--env-file": "value",
    "--input-type": "value",
  },
};
const PHP: Grammar = {
  code: "rRBE",
  value: "dcztS",
  file: "fF",
  long: { "--run": "code", "--file": "file", "--define": "value", "--php-ini": "value" },
};
const LUA: Grammar = { code: "e", value: "l" };
const TCL: Grammar = { code: "" };
const AWK: Grammar = {
  code: "e",
  value: "Fv",
  file: "f",
  text: true,
  long: { "--file": "file", "--source": "code", "--assign": "value", "--field-separator": "value" },
};

/** ld.so started by hand: its first operand is the program. */
const LOADER: Grammar = {
  code: "",
  long: {
    "--library-path": "value",
    "--preload": "value",
    "--audit": "value",
    "--argv0": "value",
    "--inhibit-rpath": "value",
    "--glibc-hwcaps-prepend": "value",
    "--glibc-hwcaps-mask": "value",
  },
};

const GRAMMARS: readonly (readonly [RegExp, Grammar])[] = [
  [/^(ba|da|z|k|c|tc|a|mk|fi|r|rba)?sh[\d.-]*$/, SHELL],
  [/^python[\d.-]*$/, PYTHON],
  [/^perl[\d.-]*$/, PERL],
  [/^ruby[\d.-]*$/, RUBY],
  [/^node(js)?[\d.-]*$/, NODE],
  [/^php[\d.-]*$/, PHP],
  [/^lua[\d.-]*$/, LUA],
  [/^tclsh[\d.-]*$/, TCL],
  [/^[gm]?awk[\d.-]*$/, AWK],
  [/^ld(-linux|-musl)?[\w.-]*\.so(\.\d+)?$/, LOADER],
];

/** Names of standard input among files. */
const STDIN = /^(-|\/dev\/stdin|\/dev\/fd\/0|\/proc\/(self|thread-self)\/fd\/0)$/;
const BUSYBOX = /^busybox/;

/** Runs text that it reads: a shell or a language. */
export function isInterpreter(name: string): boolean {
  return BUSYBOX.test(name) || grammarOf(name) !== undefined;
}

/** Where what a command line starts takes its program from; undefined for what is no interpreter. */
export function programOf(exe: string, argv: readonly string[]): Program | undefined {
  let words = argv;
  let name = baseName(exe);
  if (BUSYBOX.test(name)) {
    if (BUSYBOX.test(baseName(words[0] ?? ""))) words = words.slice(1);
    name = baseName(words[0] ?? "");
  }
  const grammar = grammarOf(name);
  return grammar === undefined ? undefined : read(grammar, words.slice(1));
}

/** What was found for executables. */
const interpreters = new Map<string, boolean>();

/** Whether an executable is an interpreter. Asked at every connection and exec: its path tells it without its name being made. */
export function interprets(exe: string): boolean {
  const known = interpreters.get(exe);
  if (known !== undefined) return known;
  if (interpreters.size === MOST_FOUND) interpreters.clear();
  const is = isInterpreter(baseName(exe));
  interpreters.set(exe, is);
  return is;
}

/** What was found for names, which are the same few over and over; of more than that somebody makes them up. */
const found = new Map<string, Grammar | undefined>();
const MOST_FOUND = 1024;

function grammarOf(name: string): Grammar | undefined {
  const known = found.get(name);
  if (known !== undefined || found.has(name)) return known;
  if (found.size === MOST_FOUND) found.clear();
  const grammar = GRAMMARS.find(([pattern]) => pattern.test(name))?.[1];
  found.set(name, grammar);
  return grammar;
}

function read(grammar: Grammar, words: readonly string[]): Program {
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "--") {
      at++;
      break;
    }
    if (!/^(-.|\+[a-zA-Z])/.test(word)) break;
    const long = word.startsWith("--") ? longOption(grammar, word) : undefined;
    const { meaning, value } = long ?? shortOptions(grammar, word);
    if (meaning === "code") return { from: "argument", text: value ?? codeOf(grammar, words.slice(at + 1)) };
    if (meaning === "stdin") return { from: "stdin" };
    if (meaning === "file") return fileOf(value ?? words[at + 1] ?? "");
    if (meaning === "value" && value === undefined) at++;
  }
  const operand = words[at] ?? "";
  if (grammar.text === true) return { from: "argument", text: operand };
  return operand === "" ? { from: "stdin" } : fileOf(operand);
}

/** Program text behind its option: a shell reads other options first. */
function codeOf({ apart }: Grammar, words: readonly string[]): string {
  return (apart === true ? words.find((word) => !/^[-+]./.test(word)) : words[0]) ?? "";
}

function fileOf(path: string): Program {
  return STDIN.test(path) ? { from: "stdin" } : { from: "file", path };
}

interface Option {
  readonly meaning?: Meaning | "stdin" | undefined;
  /** Undefined when it is the next word. */
  readonly value?: string | undefined;
}

function longOption({ long }: Grammar, word: string): Option {
  const [name = "", ...value] = word.split("=");
  return { meaning: long?.[name], value: value.length === 0 ? undefined : value.join("=") };
}

function shortOptions(grammar: Grammar, word: string): Option {
  const { code, value = "", attached = "", file = "", stdin = "", apart = false } = grammar;
  let found: Option = {};
  for (let i = 1; i < word.length; i++) {
    const letter = word[i] as string;
    const rest = apart || i + 1 === word.length ? undefined : word.slice(i + 1);
    if (code.includes(letter)) return { meaning: "code", value: rest };
    if (stdin.includes(letter)) found = { meaning: "stdin" };
    else if (file.includes(letter)) return { meaning: "file", value: rest };
    else if (attached.includes(letter)) break;
    else if (value.includes(letter)) {
      if (!apart) return { meaning: "value", value: rest };
      if (found.meaning === undefined) found = { meaning: "value" };
    }
  }
  return found;
}
