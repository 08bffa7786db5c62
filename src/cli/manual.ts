import { THEMES } from "../ui/theme/tokens.ts";

/** What the program takes: parsed, helped and documented from these tables. */

export type CommandName = "top" | "events" | "origin" | "impact" | "record" | "snapshot" | "replay" | "doctor" | "help";

export interface CommandEntry {
  readonly name: CommandName;
  /** What follows the name. */
  readonly operand?: string;
  readonly help: string;
  /** Asked when the operand is missing. */
  readonly ask?: string;
}

export const COMMANDS: readonly CommandEntry[] = [
  { name: "top", help: "the live monitor; what runs without a command. With --batch frames as text" },
  { name: "events", help: "every event, a line each: live, or those of a file" },
  {
    name: "origin",
    operand: "WHAT",
    help: "how that came to be: the chain of causes, back to the first",
    ask: "origin of what? a pid, an ip:port or a path",
  },
  {
    name: "impact",
    operand: "WHAT",
    help: "what came of it: what it started, wrote and reached",
    ask: "impact of what? a pid, an ip:port or a path",
  },
  {
    name: "record",
    operand: "FILE",
    help: "write the kernel's events to a new file, until interrupted or for --seconds",
    ask: "record into which file?",
  },
  {
    name: "snapshot",
    operand: "FILE",
    help: "save the present state, or with --from that at the end of a file, to a new file that replays anywhere",
    ask: "snapshot into which file?",
  },
  {
    name: "replay",
    operand: "FILE",
    help: "the monitor over a recording, an auditd log, a Tetragon export or a Spyderbat capture; as top --from FILE",
    ask: "replay which file?",
  },
  { name: "doctor", help: "what can be captured here, and how to get the rest" },
  { name: "help", help: "this text and the keys of the monitor" },
];

/** Of operands. */
export const WHAT = "WHAT is a pid or pid@start, ip:port or :port, a /path, or @name of a socket.";

export type OptionGroup = "events" | "output" | "choice" | "monitor" | "program";

export const GROUPS: Readonly<Record<OptionGroup, string>> = {
  events: "Where events come from",
  output: "Without a screen",
  choice: "Which of them",
  monitor: "The monitor",
  program: "The program",
};

export interface OptionEntry {
  readonly name: string;
  readonly short?: string;
  /** What stands for its value; none = a switch. "[=X]" = may be left out. */
  readonly value?: string;
  readonly group: OptionGroup;
  /** Commands that take it. */
  readonly on: readonly CommandName[];
  readonly help: string;
}

const READERS: readonly CommandName[] = ["top", "events", "origin", "impact", "snapshot"];
const MONITORS: readonly CommandName[] = ["top", "replay"];
const EVERY: readonly CommandName[] = COMMANDS.map(({ name }) => name);

export const OPTIONS = [
  {
    name: "from",
    value: "FILE",
    group: "events",
    on: READERS,
    help: "a recording or another tool's file instead of this machine",
  },
  {
    name: "no-bpf",
    group: "events",
    on: [...READERS, "record", "replay"],
    help: "poll /proc instead of reading the kernel's events",
  },
  {
    name: "memory",
    value: "MB",
    group: "events",
    on: [...READERS, "replay"],
    help: "what the graph and the last minutes may take before the oldest is forgotten, 16 to 65536 (default 128); the program takes some 120 beside it",
  },
  {
    name: "record",
    value: "FILE",
    group: "monitor",
    on: ["top"],
    help: "record to a new file beside the screens",
  },
  {
    name: "batch",
    short: "b",
    group: "output",
    on: ["top"],
    help: "print frames as text instead of taking the terminal",
  },
  {
    name: "count",
    short: "n",
    value: "N",
    group: "output",
    on: ["top", "events"],
    help: "how many frames (default 1) or events (default all); 0 = until interrupted",
  },
  { name: "seconds", short: "s", value: "S", group: "output", on: ["events", "record"], help: "end after so long" },
  {
    name: "json",
    value: "[=FORM]",
    group: "output",
    on: ["top", "events", "origin", "impact", "doctor"],
    help: "for programs. Of events FORM is native (default), ocsf (OCSF 1.6.0) or ecs (ECS 8)",
  },
  { name: "dot", group: "output", on: ["origin", "impact"], help: "the chain as a graph for Graphviz" },
  { name: "mermaid", group: "output", on: ["origin", "impact"], help: "the chain as a graph for Mermaid" },
  {
    name: "filter",
    short: "f",
    value: "EXPR",
    group: "choice",
    on: ["events"],
    help: "events that hold all words of EXPR: text, or kind: name: cmd: pid: ppid: user: cont: host: ip: port: path: state:, each negated by a !",
  },
  {
    name: "all",
    short: "a",
    group: "choice",
    on: ["origin", "impact"],
    help: "every step, not only those that tell most, with whole command lines",
  },
  {
    name: "pid",
    short: "p",
    value: "PID",
    group: "choice",
    on: MONITORS,
    help: "only this process and those below it; with --batch also those above it",
  },
  {
    name: "user",
    short: "u",
    value: "USER",
    group: "choice",
    on: MONITORS,
    help: "only processes of a user, by name or uid",
  },
  {
    name: "delay",
    short: "d",
    value: "SECONDS",
    group: "monitor",
    on: MONITORS,
    help: "time between two frames, 0.1 to 60 (default 1)",
  },
  { name: "theme", value: "NAME", group: "monitor", on: MONITORS, help: `${THEMES.join(", ")} (default dark)` },
  { name: "no-color", group: "monitor", on: [...MONITORS, "doctor"], help: "no colours; NO_COLOR does the same" },
  { name: "ascii", group: "monitor", on: [...MONITORS, "origin", "impact"], help: "letters and signs of ASCII only" },
  {
    name: "mouse",
    group: "monitor",
    on: MONITORS,
    help: "the wheel moves the cursor; selecting text then needs Shift",
  },
  { name: "read-only", group: "monitor", on: MONITORS, help: "no signals are sent, whatever key is pressed" },
  { name: "help", short: "h", group: "program", on: EVERY, help: "this text" },
  { name: "version", short: "V", group: "program", on: EVERY, help: "the version" },
] as const satisfies readonly OptionEntry[];

/** What a shell is told. */
export const EXIT = { OK: 0, FAILED: 1, MISUSE: 2 } as const;

export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [
    EXIT.OK,
    "done; also when what goes on until it is interrupted was (SIGINT, SIGTERM, SIGHUP), or when the reader of a pipe went away",
  ],
  [
    EXIT.FAILED,
    "not found, or it failed: a file cannot be read, nothing is known about WHAT; doctor: the kernel's events cannot be had here",
  ],
  [EXIT.MISUSE, "arguments that make no sense, or no terminal for the monitor"],
  [128, "and n more: signal n ended the live screens, or anything else before it had begun to answer"],
];

export const EXAMPLES: readonly (readonly [command: string, meaning: string])[] = [
  ["spydertop origin 203.0.113.9:4444", "who connects there, and how it came to be"],
  ["spydertop events -f 'kind:exec !user:root'", "programs started by anyone but root, as they start"],
  ["spydertop events --json=ocsf -s 60 | jq .", "a minute of OCSF events"],
  ["spydertop origin /dev/shm/x --dot | dot -Tsvg", "the chain that led to a file, drawn"],
  ["spydertop top -b -u www-data --json", "a user's processes, for a program"],
];
