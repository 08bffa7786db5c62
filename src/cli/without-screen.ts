import type { Command } from "./args.ts";
import { runBatch } from "./batch.ts";
import { runChain } from "./chain.ts";
import { runDoctor } from "./doctor.ts";
import { runEvents } from "./events/run.ts";
import { usage } from "./help.ts";
import { EXIT } from "./manual.ts";
import { note } from "./output.ts";
import { record, snapshot } from "./record.ts";

/** Everything but the monitor, whose start these commands' code would delay. Resolves with the exit code. */
export async function runWithoutScreen(command: Exclude<Command, { kind: "top" }>): Promise<number> {
  switch (command.kind) {
    case "help":
      process.stdout.write(usage());
      return EXIT.OK;
    case "version":
      process.stdout.write(`spydertop ${process.env.SPYDERTOP_VERSION ?? "(not bundled)"}\n`);
      return EXIT.OK;
    case "misuse":
      note(`${command.message}${command.message.endsWith("?") ? "" : ";"} "spydertop help" shows what there is`);
      return EXIT.MISUSE;
    case "doctor":
      return await runDoctor(command);
    case "events":
      return await runEvents(command.options);
    case "chain":
      return await runChain(command.options);
    case "record":
      return await record(command);
    case "snapshot":
      return await snapshot(command.path, command.input);
    case "batch":
      return await runBatch(command.options);
  }
}
