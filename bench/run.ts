// npm run bench [-- [--save] [--rounds N] [--against CHECKOUT] [case ...]]

import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type Case, cases } from "./cases.ts";
import { compare, readBaseline, saveBaseline } from "./lib/baseline.ts";
import { asProgram } from "./lib/child.ts";
import { machineLine, sameMachine, thisMachine } from "./lib/machine.ts";
import type { Message, Row } from "./lib/result.ts";
import { table } from "./lib/table.ts";

const usage = () =>
  [
    "npm run bench [-- [--save] [--rounds N] [--against CHECKOUT] [case ...]]",
    "  --save              write the figures to bench/baseline.json",
    "  --rounds N          rounds of each comparison (15)",
    "  --against CHECKOUT  event costs: another checkout, set up, in the same rounds",
    "cases:",
    ...cases.map(({ name, what }) => `  ${name.padEnd(10)} ${what}`),
  ].join("\n");

/** Runs one case in a process of its own and resolves to what it reported. */
function runCase({ name, ofFile }: Case): Promise<Message[]> {
  return new Promise((done) => {
    const messages: Message[] = [];
    const engine = ofFile === true ? ["--of-file"] : [];
    const child = spawn(asProgram, [...engine, join(import.meta.dirname, "case.ts"), name], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        SPYDERTOP_BENCH_ROUNDS: values.rounds,
        ...(values.against === undefined ? {} : { SPYDERTOP_BENCH_AGAINST: resolve(values.against) }),
      },
    });
    createInterface({ input: child.stdout }).on("line", (line) => messages.push(JSON.parse(line) as Message));
    child.on("close", (code, signal) => {
      if (signal) messages.push({ skipped: { subject: name, why: `ended with ${signal}` } });
      failed ||= code !== 0;
      done(messages);
    });
  });
}

const { values, positionals } = parseArgs({
  options: {
    save: { type: "boolean" },
    rounds: { type: "string", default: "15" },
    against: { type: "string" },
    help: { type: "boolean" },
  },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !cases.some((one) => one.name === name));
let failed = false;

if (values.help || unknown.length > 0) {
  console.log(usage());
  process.exitCode = values.help ? 0 : 2;
} else if (process.getuid?.() !== 0) {
  console.log("the benchmark attaches to the kernel: run it as root");
  process.exitCode = 2;
} else {
  await main();
}

async function main(): Promise<void> {
  const machine = thisMachine();
  console.log(machineLine(machine));
  const committed = readBaseline();
  const comparable = committed !== undefined && sameMachine(committed.machine, machine);
  if (committed && !comparable)
    console.log(
      `baseline.json is of another machine (Linux ${committed.machine.kernel}, ${committed.machine.cpu}): not compared`,
    );

  const all: Row[] = [];
  for (const one of cases) {
    const { name, what } = one;
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`${name}: ${what}`);
    const messages = await runCase(one);
    const rows = messages.flatMap((message) => ("row" in message ? [message.row] : []));
    const compared = rows.map((row) => ({ row, comparison: comparable ? compare(row, committed) : undefined }));
    failed ||= compared.some(({ comparison }) => comparison?.worse);
    if (rows.length > 0) console.log(`\n${name}\n${table(compared).join("\n")}`);
    for (const message of messages)
      if ("skipped" in message) console.log(`skipped ${message.skipped.subject}: ${message.skipped.why}`);
    all.push(...rows);
  }
  if (values.save) saveBaseline(machine, all);
  if (failed) process.exitCode = 1;
}
