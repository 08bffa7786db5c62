import { CaptureError } from "../capture/source.ts";
import { TtyWriter } from "../ui/terminal/tty-writer.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { type Command, parseCommand } from "./args.ts";
import { runBatch } from "./batch.ts";
import { runChain } from "./chain.ts";
import { runDoctor } from "./doctor.ts";
import { runEvents } from "./events/run.ts";
import { usage } from "./help.ts";
import { EXIT } from "./manual.ts";
import { endQuietlyWithoutReader, note } from "./output.ts";
import { record, snapshot } from "./record.ts";
import { runTop } from "./top.ts";

const WITHOUT_SCREEN = "without one there are top --batch, events, origin, impact, record, snapshot and doctor";

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case "help":
      process.stdout.write(usage());
      return EXIT.OK;
    case "version":
      process.stdout.write(`spydertop ${process.env.SPYDERTOP_VERSION ?? "(not bundled)"}\n`);
      return EXIT.OK;
    case "misuse":
      note(`${command.message}; "spydertop help" shows what there is`);
      return EXIT.MISUSE;
    case "doctor":
      return runDoctor(command);
    case "events":
      return await runEvents(command.options);
    case "chain":
      return await runChain(command.options);
    case "record":
      return await record(command.path, command.input);
    case "snapshot":
      return await snapshot(command.path, command.input);
    case "batch":
      return await runBatch(command.options);
    case "top":
      if (!process.stdout.isTTY || !process.stdin.isTTY) {
        note(`the monitor needs a terminal; ${WITHOUT_SCREEN}`);
        return EXIT.MISUSE;
      }
      if (process.env.TERM === "dumb") {
        note(`TERM=dumb says this terminal has no screen (else set TERM=xterm-256color); ${WITHOUT_SCREEN}`);
        return EXIT.MISUSE;
      }
      return await runTop(command.options);
  }
}

function describe(error: unknown): string {
  if (error instanceof CaptureError) {
    return `${sanitise(error.message)} (${error.code})\n${sanitise(error.hint)}`;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split("\n").map(sanitise).join("\n");
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

endQuietlyWithoutReader();
try {
  process.exitCode = await run(parseCommand(process.argv.slice(2)));
} catch (error) {
  report(error);
  process.exitCode = EXIT.FAILED;
}
