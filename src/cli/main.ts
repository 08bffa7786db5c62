import { writeFileSync } from "node:fs";
import { CaptureError } from "../capture/source.ts";
import { TtyWriter } from "../ui/terminal/tty-writer.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { type Command, parseCommand, type TopOptions } from "./args.ts";
import { EXIT } from "./manual.ts";
import { mustBeReadable, openMachine } from "./open-source.ts";
import { endQuietlyWithoutReader, note } from "./output.ts";

const WITHOUT_SCREEN = "without one there are top --batch, events, origin, impact, record, snapshot and doctor";

async function run(command: Command): Promise<number> {
  if (command.kind === "top") return await top(command.options);
  const { runWithoutScreen } = await import("./without-screen.ts");
  return await runWithoutScreen(command);
}

async function top(options: TopOptions): Promise<number> {
  const { bpf, from } = options.input;
  // What is wrong with the file is told first: a terminal would not help.
  if (from !== undefined) mustBeReadable(from);
  if (!process.stdout.isTTY || !process.stdin.isTTY) {
    note(`the monitor needs a terminal; ${WITHOUT_SCREEN}`);
    return EXIT.MISUSE;
  }
  if (process.env.TERM === "dumb") {
    note(`TERM=dumb says this terminal has no screen (else set TERM=xterm-256color); ${WITHOUT_SCREEN}`);
    return EXIT.MISUSE;
  }
  // The kernel takes its programs in on a thread of its own while the code of the screens is evaluated here.
  const [machine, runTop] = await Promise.all([
    from === undefined ? openMachine(bpf) : undefined,
    import("./top.ts").then((screens) => {
      if (from === undefined && bpf) screens.rehearseTop(options);
      return screens.runTop;
    }),
  ]);
  return await runTop(options, machine);
}

function describe(error: unknown): string {
  if (error instanceof CaptureError) {
    return `${sanitise(error.message)} (${error.code})\n${sanitise(error.hint)}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split("\n").map(sanitise).join("\n");
}

/** What ps and top call it: without, the name of the runtime's main thread, and its arguments. */
function nameProcess(): void {
  process.title = ["spydertop", ...process.argv.slice(2)].join(" ");
  try {
    writeFileSync("/proc/self/comm", "spydertop");
  } catch {
    // /proc is not there: the title alone tells.
  }
}

/** A terminal that does not read must not keep a program that failed. */
const REPORT_PATIENCE_MS = 300;

function report(error: unknown): void {
  const text = `spydertop: ${describe(error)}\n`;
  if (!process.stderr.isTTY) {
    process.stderr.write(text);
    return;
  }
  const terminal = new TtyWriter(process.stderr.fd);
  terminal.write(text);
  terminal.finish(REPORT_PATIENCE_MS);
  terminal.close();
}

/** Node opens a debugger on it, which every user of the machine may connect to: of root's process. */
function keepDebuggerShut(): void {
  process.on("SIGUSR1", () => {});
}

keepDebuggerShut();
endQuietlyWithoutReader();
nameProcess();
try {
  process.exitCode = await run(parseCommand(process.argv.slice(2)));
} catch (error) {
  report(error);
  process.exitCode = EXIT.FAILED;
}
