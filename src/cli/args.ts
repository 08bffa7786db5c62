import { parseArgs } from "node:util";
import { THEMES, type ThemeName } from "../ui/theme/tokens.ts";

/** Where events come from. */
export interface Input {
  /** Read the kernel's events; false = poll /proc even where BPF is to be had. */
  readonly bpf: boolean;
  /** A recording or another tool's file instead of this machine. */
  readonly from?: string;
}

export interface TopOptions {
  readonly refreshMs: number;
  readonly noColor: boolean;
  readonly ascii: boolean;
  readonly readOnly: boolean;
  readonly mouse: boolean;
  readonly theme: ThemeName;
  readonly input: Input;
  /** Print frames as text instead of taking the terminal. */
  readonly batch: boolean;
  /** Frames to print; 0 = until interrupted. */
  readonly frames: number;
}

export type Command =
  | { readonly kind: "top"; readonly options: TopOptions }
  | { readonly kind: "doctor"; readonly json: boolean }
  | { readonly kind: "origin"; readonly what: string; readonly json: boolean; readonly input: Input }
  | { readonly kind: "record" | "snapshot"; readonly path: string; readonly input: Input }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "misuse"; readonly message: string };

export const USAGE = `spydertop shows, live, what runs on this machine, what it talks to and touches, and how it came to be.

usage:
  spydertop [top] [options]                 the live monitor
  spydertop top --batch [-n N] [options]    print N frames as text (0 = until interrupted)
  spydertop origin <pid|ip:port|path>       print how that came to be; --json for programs
  spydertop record FILE                     write the kernel's events to a new file, until interrupted
  spydertop snapshot FILE                   save the present state to a new file, which replays anywhere
  spydertop replay FILE [options]           the monitor over a recording, or over an auditd log, a Tetragon export or a
                                            Spyderbat capture; the same as top --from FILE
  spydertop doctor [--json]                 what can be captured here, and how to get the rest
  spydertop help | --version

options:
  -d, --delay SECONDS   time between two frames, 0.1 to 60 (default 1)
      --theme NAME      dark, light or colorblind (default dark)
      --no-color        no colours; NO_COLOR does the same
      --ascii           letters and signs of ASCII only
      --mouse           the wheel moves the cursor; selecting text then needs Shift
      --read-only       no signals are sent, whatever key is pressed
      --from FILE       events of a file instead of this machine (top, top --batch, origin)
      --no-bpf          poll /proc instead of reading the kernel's events
  -n, --frames N        with --batch: how many frames (default 1)

Reading the kernel's events needs root.
`;

const OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
  delay: { type: "string", short: "d" },
  theme: { type: "string" },
  "no-color": { type: "boolean" },
  ascii: { type: "boolean" },
  mouse: { type: "boolean" },
  "read-only": { type: "boolean" },
  "no-bpf": { type: "boolean" },
  from: { type: "string" },
  batch: { type: "boolean", short: "b" },
  frames: { type: "string", short: "n" },
  json: { type: "boolean" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>["values"];

const misuse = (message: string): Command => ({ kind: "misuse", message });

function inputOf(values: Values): Input {
  const bpf = !(values["no-bpf"] ?? false);
  return values.from === undefined ? { bpf } : { bpf, from: values.from };
}

function topCommand(values: Values): Command {
  const seconds = Number(values.delay ?? "1");
  if (!(seconds >= 0.1 && seconds <= 60)) {
    return misuse(`--delay wants seconds from 0.1 to 60, not "${values.delay}"`);
  }
  const frames = Number(values.frames ?? "1");
  if (!Number.isSafeInteger(frames) || frames < 0 || values.frames === "") {
    return misuse(`--frames wants a whole number, not "${values.frames}"`);
  }
  const theme = THEMES.find((name) => name === (values.theme ?? "dark"));
  if (theme === undefined) {
    return misuse(`--theme knows ${THEMES.join(", ")}, not "${values.theme}"`);
  }
  return {
    kind: "top",
    options: {
      refreshMs: seconds * 1000,
      noColor: values["no-color"] ?? false,
      ascii: values.ascii ?? false,
      readOnly: values["read-only"] ?? false,
      mouse: values.mouse ?? false,
      theme,
      input: inputOf(values),
      batch: values.batch ?? false,
      frames,
    },
  };
}

/** What the arguments (without the program's name) ask for. */
export function parseCommand(args: readonly string[]): Command {
  let parsed: { values: Values; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return misuse(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [name = "top", ...rest] = positionals;
  if (values.help || name === "help") {
    return { kind: "help" };
  }
  if (values.version) {
    return { kind: "version" };
  }
  const takesOne = name === "origin" || name === "record" || name === "snapshot" || name === "replay";
  if (rest.length > (takesOne ? 1 : 0)) {
    return misuse(`too many arguments: ${rest.join(" ")}`);
  }
  switch (name) {
    case "top":
      return topCommand(values);
    case "record":
    case "snapshot":
      return rest[0] === undefined
        ? misuse(`${name} into which file?`)
        : { kind: name, path: rest[0], input: inputOf(values) };
    case "replay":
      return rest[0] === undefined ? misuse("replay which file?") : topCommand({ ...values, from: rest[0] });
    case "doctor":
      return { kind: "doctor", json: values.json ?? false };
    case "origin":
      return rest[0] === undefined || rest[0] === "" || rest[0] === ":"
        ? misuse("origin of what? a pid, an ip:port or a path")
        : { kind: "origin", what: rest[0], json: values.json ?? false, input: inputOf(values) };
    default:
      return misuse(`there is no command "${name}"`);
  }
}
