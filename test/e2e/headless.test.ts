import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { faults, type SchemaName } from "../cli/schema.ts";
import { actAgainAndAgain, stop } from "./actor.ts";
import { BUNDLE, cannotTrace } from "./program.ts";

if (cannotTrace !== undefined) console.log(`skipped: ${cannotTrace}`);

/** More than one read of a pipe brings. */
const CHUNKS = 1 << 18;

interface Run {
  readonly child: ChildProcess;
  /** All of stdout so far. */
  text(): string;
  errors(): string;
  /** Resolves when stdout holds that. */
  until(holds: (text: string) => boolean): Promise<void>;
  readonly ended: Promise<number | null>;
}

function start(...args: string[]): Run {
  return startCommand(process.execPath, BUNDLE, ...args);
}

function startCommand(command: string, ...args: string[]): Run {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (errors += part));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    text: () => text,
    errors: () => errors,
    ended,
    until: async (holds) => {
      while (!holds(text)) {
        const over = await Promise.race([once(child.stdout, "data").then(() => false), ended.then(() => true)]);
        if (over && !holds(text)) throw new Error(`it ended without it:\n${text}\n${errors}`);
      }
    },
  };
}

/** The program to its end. */
function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BUNDLE, ...args], { encoding: "utf8" });
  return { code: status, out: stdout, err: stderr };
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe.skipIf(cannotTrace !== undefined)("live events", () => {
  const forms: readonly (readonly [string, SchemaName])[] = [
    ["native", "event"],
    ["ocsf", "event-ocsf"],
    ["ecs", "event-ecs"],
  ];
  test.each(forms)("%s: what a process does is told as it happens, as the schema has it", async (form, schema) => {
    const folder = mkdtempSync(join(tmpdir(), "spydertop-events-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const marker = `events-${form}-${process.pid}`;
    const events = start("events", `--json=${form}`, "--filter", `cmd:${marker} !kind:signal !kind:fork`);
    const actor = actAgainAndAgain(marker, folder);
    await events.until((text) => text.includes(`${folder}/made`) && text.split("\n").length > 20);
    stop(actor);
    events.child.kill("SIGINT");
    expect(await events.ended).toBe(0);
    const told = lines(events.text());
    for (const event of told) expect(faults(schema, event)).toEqual([]);
    for (const line of events.text().trimEnd().split("\n")) expect(line).toContain(marker);
  });

  test("-n ends after so many, --seconds after so long, both with 0", async () => {
    const actor = actAgainAndAgain("events-count", tmpdir());
    const counted = start("events", "-n", "3", "--filter", "cmd:events-count !kind:lost");
    expect(await counted.ended).toBe(0);
    expect(
      counted
        .text()
        .split("\n")
        .filter((line) => line !== "" && !/ lost /.test(line)),
    ).toHaveLength(3);
    stop(actor);
    const timed = start("events", "--seconds", "0.2", "--filter", "no-such-thing-anywhere kind:exec");
    expect(await timed.ended).toBe(0);
  });

  test.each([
    ["0", -10],
    ["5", 5],
  ])("started at nice %s it runs at %i: before others, unless that was chosen", async (given, runs) => {
    actAgainAndAgain("events-nice", tmpdir());
    const events = startCommand("nice", "-n", given, process.execPath, BUNDLE, "events");
    await events.until((text) => text.includes("\n"));
    expect(getPriority(events.child.pid as number)).toBe(runs);
  });

  test("a reader that goes away ends it quietly", async () => {
    actAgainAndAgain("events-pipe", tmpdir());
    const events = start("events");
    events.child.stdout?.once("data", () => events.child.stdout?.destroy());
    expect(await events.ended).toBe(0);
    expect(events.errors()).toBe("");
  });

  test("what is dropped while nobody reads is an event of its own, and interrupting it does not hang", async () => {
    const events = start("events");
    // A quiet machine has nothing to tell.
    const actor = actAgainAndAgain("events-dropped", tmpdir());
    await events.until((text) => text.includes("\n"));
    events.child.stdout?.pause();
    stop(actor);
    const script = `const fs = require("fs"); for (let i = 0; i < 300_000; i++) fs.closeSync(fs.openSync("/etc/passwd"));`;
    const flood = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
    onTestFinished(() => void flood.kill("SIGKILL"));
    await once(flood, "close");
    events.child.stdout?.resume();
    await events.until((text) => / (lost|throttled) .* \d+ records of kind open: /.test(text.slice(-CHUNKS)));
    events.child.stdout?.pause();
    events.child.kill("SIGINT");
    expect(await once(events.child, "exit")).toEqual([0, null]);
    events.child.stdout?.resume();
    await events.ended;
    expect(events.errors()).toMatch(/\d+ records were lost|the last lines are cut/);
  });
});

describe.skipIf(cannotTrace !== undefined)("questions about this machine", () => {
  test("origin and impact of this very process, in every form", () => {
    for (const question of ["origin", "impact"]) {
      const { code, out } = run(question, String(process.pid), "--json");
      expect(code).toBe(0);
      const trace = JSON.parse(out) as { title: string };
      expect(faults("trace", trace)).toEqual([]);
      expect(trace.title).toContain(String(process.pid));
    }
    expect(run("origin", String(process.pid), "--dot").out).toMatch(/^digraph origin \{\n[\s\S]*\n\}\n$/);
    expect(run("origin", String(process.pid), "--mermaid").out).toMatch(/^flowchart TD\n/);
  });

  test("a path through a symbolic link means the file it leads to", () => {
    const folder = mkdtempSync(join(tmpdir(), "spy-link-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const link = join(folder, "link");
    symlinkSync(process.execPath, link);
    expect(run("origin", link)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Origin of ${process.execPath}`),
    });
    symlinkSync("nowhere", join(folder, "dangling"));
    expect(run("origin", join(folder, "dangling"))).toMatchObject({ code: 1, out: "" });
  });

  test("the process that listens on a port, by the port alone", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const origin = start("origin", `:${port}`);
    expect(await origin.ended).toBe(0);
    expect(origin.text()).toContain(`Origin of tcp 127.0.0.1:${port}`);
    expect(origin.text()).toContain(String(process.pid));
  });

  test("a snapshot holds no events, and recording ends after the seconds asked for", () => {
    const folder = mkdtempSync(join(tmpdir(), "spydertop-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const state = join(folder, "state.spyt");
    const taken = run("snapshot", state);
    expect([taken.code, taken.err]).toEqual([
      0,
      expect.stringMatching(
        /state\.spyt: \d+ processes and \d+ that exited, \d+ connections and \d+ that are closed, \d+ bytes/u,
      ),
    ]);
    const again = run("snapshot", join(folder, "again.spyt"), "--from", state);
    expect(again.err.replace(/.*spyt: /u, "").replace(/\d+ bytes/u, "")).toBe(
      taken.err.replace(/.*spyt: /u, "").replace(/\d+ bytes/u, ""),
    );
    const beganMs = performance.now();
    expect(run("top", "--batch", "--delay", "20", "--from", state).out).toContain(` ${process.pid} `);
    expect(performance.now() - beganMs, "the first frame of a file waits for nothing").toBeLessThan(15_000);
    const events = run("events", "--from", state);
    expect([events.code, events.out]).toEqual([0, ""]);
    expect(events.err).toContain("holds no events: the state it may hold");
    const recording = run("record", join(folder, "a.spyt"), "--seconds", "0.2");
    expect(recording.code).toBe(0);
    expect(recording.err).toMatch(/a\.spyt: \d+ records/);
  });

  test("a frame as JSON, of one process and those above and below it", () => {
    const child = spawn("sleep", ["60"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const { code, out } = run("top", "--json", "-d", "0.1", "-n", "2", "-p", String(process.pid));
    expect(code).toBe(0);
    const frames = lines(out) as { rows: { pid: number; context?: true }[] }[];
    expect(frames).toHaveLength(2);
    for (const frame of frames) {
      expect(faults("frame", frame)).toEqual([]);
      const pids = frame.rows.filter(({ context }) => context === undefined).map(({ pid }) => pid);
      expect(pids[0]).toBe(process.pid);
      expect(pids).toContain(child.pid);
      expect(frame.rows.map(({ pid }) => pid)).toContain(process.ppid);
    }
  });

  test("processes of one user, by name and by uid; a filter that nobody holds is an empty frame", () => {
    for (const user of ["root", "0"]) {
      const [frame] = lines(run("top", "--json", "-d", "0.1", "-u", user).out) as {
        rows: { uid: number; context?: true }[];
      }[];
      expect(frame?.rows.length).toBeGreaterThan(0);
      for (const { uid, context } of frame?.rows ?? []) if (context === undefined) expect(uid).toBe(0);
    }
    const nobody = run("top", "-b", "-d", "0.1", "-u", "no-such-user");
    expect([nobody.code, nobody.out.includes(String(process.pid))]).toEqual([0, false]);
    expect(nobody.err).toContain("there is no process of no-such-user; a user is a name of /etc/passwd, or a uid");
  });
});

describe("exit codes", () => {
  test.each([
    [1, ["origin", "4194304"], "nothing known about 4194304"],
    [1, ["top", "-b", "-d", "0.1", "-p", "4194304"], "there is no process 4194304"],
    [1, ["events", "--from", "/no/such/file"], "ENOENT"],
    [1, ["top", "-b", "--from", "/"], "EISDIR"],
    [1, ["top", "-b", "--from", "a".repeat(300)], ": the name is too long (ENAMETOOLONG)\n"],
    [2, ["events", "--bogus"], 'there is no option --bogus; "spydertop help" shows what there is\n'],
    [2, ["record"], 'record into which file? "spydertop help" shows what there is\n'],
    [2, ["top"], "needs a terminal"],
  ] as const)("%i: %j", (code, args, message) => {
    const ended = run(...args);
    expect(ended.err).toContain(message);
    expect(ended.out).toBe("");
    expect(ended.code).toBe(code);
  });

  test("the doctor's JSON is as its schema has it", () => {
    const { code, out } = run("doctor", "--json");
    const report = JSON.parse(out) as { live: boolean };
    expect(faults("doctor", report)).toEqual([]);
    expect(code).toBe(report.live ? 0 : 1);
  });
});
