import { CaptureError } from "../capture/source.ts";
import { helpText } from "../ui/keymap/help.ts";
import { TtyWriter } from "../ui/terminal/tty-writer.ts";
import { sanitise } from "../ui/text/sanitise.ts";
import { type Command, parseCommand, USAGE } from "./args.ts";
import { runBatch } from "./batch.ts";
import { runDoctor } from "./doctor.ts";
import { runOrigin } from "./origin.ts";
import { record, snapshot } from "./record.ts";
import { runTop } from "./top.ts";

/** Arguments or surroundings are wrong, as sysexits and every shell tool have it. */
const MISUSE = 2;

const NO_TERMINAL =
  'the monitor needs a terminal; without one there are "spydertop top --batch -n N", "spydertop origin <pid|ip:port|path>", "spydertop record FILE" and "spydertop doctor"';

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case "help":
      process.stdout.write(`${USAGE}${helpText()}\n`);
      return 0;
    case "version":
      process.stdout.write(`spydertop ${process.env.SPYDERTOP_VERSION ?? "(not bundled)"}\n`);
      return 0;
    case "misuse":
      process.stderr.write(`spydertop: ${sanitise(command.message)}; "spydertop help" shows what there is\n`);
      return MISUSE;
    case "doctor":
      return runDoctor({ json: command.json });
    case "origin":
      return runOrigin(command.what, command.json, command.input);
    case "record":
      return await record(command.path, command.input);
    case "snapshot":
      return await snapshot(command.path, command.input);
    case "top":
      if (command.options.batch) {
        return await runBatch(command.options);
      }
      if (!process.stdout.isTTY || !process.stdin.isTTY) {
        process.stderr.write(`spydertop: ${NO_TERMINAL}\n`);
        return MISUSE;
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

// A reader that went away ("spydertop top --batch | head") is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") {
    process.exit(0);
  }
  process.stderr.write(`spydertop: cannot write the output: ${error.message}\n`);
  process.exit(1);
});

try {
  process.exitCode = await run(parseCommand(process.argv.slice(2)));
} catch (error) {
  report(error);
  process.exitCode = 1;
}
