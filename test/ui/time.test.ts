import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { FollowedCapture } from "../../src/capture/recording/followed.ts";
import { RecordingReader } from "../../src/capture/recording/reader.ts";
import { ReplaySource } from "../../src/capture/recording/replay-source.ts";
import { RecordingWriter } from "../../src/capture/recording/writer.ts";
import { rewinding, windowOf } from "../../src/cli/stage.ts";
import { TimeTravel } from "../../src/cli/time-travel.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import { KIND } from "../../src/core/wire/layout.gen.ts";
import { INFO } from "../capture/recording-batches.ts";
import { folder } from "../capture/recording-folder.ts";
import { BASE_NS, batchOf, Story, WALL_NS } from "../core/fixture.ts";
import { Screen } from "./screen.tsx";
import { selectedRow } from "./stories.ts";

const WINDOW_BYTES = 32 << 20;
const NAMES = { user: String, container: () => "", cgroup: () => undefined };

/** A capture of a story, its screen, and the way back. */
class Stage {
  readonly capture = new FollowedCapture();
  readonly story = new Story("");
  readonly time: TimeTravel;
  readonly screen: Screen;
  readonly #writer = new BatchWriter();
  #told = 0;

  constructor(text: string, time?: TimeTravel, pastBytes = WINDOW_BYTES) {
    this.time = time ?? rewinding(this.capture, windowOf(this.capture, WINDOW_BYTES), NAMES, pastBytes);
    if (time === undefined) {
      this.capture.take(batchOf(this.#writer, [], BASE_NS));
      this.go(text);
    }
    this.screen = new Screen(this.capture.monitor, { time: this.time, columns: 120 });
  }

  /** Goes on with the story: one batch a record. */
  go(text: string): void {
    this.story.tell(text);
    const { events, nowNs } = this.story;
    for (; this.#told < events.length; this.#told++) {
      const event = events[this.#told];
      if (event !== undefined) this.capture.take(batchOf(this.#writer, [event], event.timeNs));
    }
    this.capture.take(batchOf(this.#writer, [], nowNs));
  }

  /** `rows` records that change nothing. */
  flood(rows: number): void {
    const { nowNs } = this.story;
    const writer = this.#writer;
    for (let told = 0; told < rows; told += 1_000) {
      for (let row = 0; row < 1_000; row++)
        writer.use(KIND.READ, { timeNs: nowNs, pid: 1, startNs: 1_000_000, path: "/etc/hosts", dev: 1, ino: 7 });
      this.capture.take(writer.finish(nowNs, WALL_NS + BigInt(nowNs - BASE_NS)));
    }
  }

  /** Lets the moment that was asked for be reached. */
  async arrive(): Promise<string> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
      this.time.pump(1_000);
    } while (this.time.seeking);
    this.screen.store.follow(0);
    return this.text();
  }

  /** Presses keys one after another; each moment is reached before the next. Returns what the screen shows. */
  async press(...keys: string[]): Promise<string> {
    for (const key of keys) {
      this.screen.press(key);
      await this.arrive();
    }
    return this.text();
  }

  async text(): Promise<string> {
    this.screen.tick();
    return this.screen.text();
  }

  close(): void {
    this.screen.close();
    this.time.close();
  }
}

let stage: Stage | undefined;
afterEach(() => stage?.close());

const show = (text: string, time?: TimeTravel, pastBytes?: number): Stage => (stage = new Stage(text, time, pastBytes));

test("the time stands still while capture goes on, and goes back to the present", async () => {
  const it = show("bash > job(--one)");
  expect(await it.text()).toContain("LIVE");
  expect(await it.press("Z")).toMatch(/PAUSED/u);
  it.go("bash > late(--two); +20s");
  const paused = await it.text();
  expect(paused).toMatch(/PAUSED/u);
  expect(paused).toContain("--one");
  expect(paused).not.toContain("--two");
  expect(paused).toMatch(/-20s/u);
  const live = await it.press("L");
  expect(live).toContain("--two");
  expect(live).toContain("LIVE");
  expect(live).not.toMatch(/PAUSED|live /u);
});

test("the runs of a loop that were opened stay open at another moment, with the cursor on them", async () => {
  const runs = [1, 2, 3].map((at) => `bash > date#${at}; date#${at} exits`).join("; ");
  const it = show(`${runs}; bash > vim; +1s`);
  await it.text();
  it.screen.press("j", "j", "l");
  expect(await selectedRow(it.screen)).toMatch(/▾.*date +×3 exited/u);
  expect(await it.press("Z")).toMatch(/PAUSED/u);
  expect(await selectedRow(it.screen)).toMatch(/▾.*date +×3 exited/u);
});

test("the meters of a moment are those it had, also when it is gone back to", async () => {
  const it = show("bash > job(--one)");
  it.screen.host = { ...it.screen.host, cpuPercent: 12 };
  expect(await it.text()).toMatch(/cpu \S* ?12%/u);
  it.go("+60s; bash > late(--two)");
  it.screen.host = { ...it.screen.host, cpuPercent: 97 };
  expect(await it.text()).toMatch(/cpu \S* ?97%/u);
  await it.press("Z");
  it.go("+60s; bash > later(--three)");
  it.screen.host = { ...it.screen.host, cpuPercent: 45 };
  expect(await it.text()).toMatch(/PAUSED .*cpu \S* ?97%/u);
  expect(await it.press("b", ..."-30s", "\r")).toMatch(/PAUSED .*cpu \S* ?12%/u);
  expect(await it.press("L")).toMatch(/LIVE .*cpu \S* ?45%/u);
});

test("a process that is gone is alive before it ended, with the age it had", async () => {
  const it = show("bash > job(--one); job -> 192.0.2.7:443; +50s; job exits; +100s");
  expect(await it.text()).not.toContain("--one");
  const past = await it.press("b", ..."-105s", "\r");
  expect(past).toMatch(/ 4[0-9]s .*job --one.*192\.0\.2\.7:443/u);
  expect(past).not.toMatch(/job --one.*exit/u);
  // One change forward it ends.
  expect(await it.press("]")).toMatch(/job --one.*exit/u);
  expect(await it.press("[")).not.toMatch(/job --one.*exit/u);
});

test("steps lead through every change, back and forward", async () => {
  const it = show("bash > one(--1); +1s; bash > two(--2); +1s; bash > three(--3)");
  // A process is a fork and an exec: two changes.
  expect(await it.press("[", "[")).not.toContain("--3");
  expect(await it.press("[", "[")).not.toContain("--2");
  expect(await it.press("]", "]")).toContain("--2");
  const again = await it.press("]", "]");
  expect(again).toContain("--3");
  expect(again).toContain("PAUSED");
  expect(await it.press("]")).toContain("nothing happened after this");
});

test("minutes, and what lies before the beginning or after the end", async () => {
  const it = show("bash > one(--1); +90s; bash > two(--2); +30s");
  const minute = await it.press("{");
  expect(minute).toContain("--1");
  expect(minute).not.toContain("--2");
  expect(await it.press("{", "{", "{")).toMatch(/memory begins at \d\d:\d\d:\d\d/u);
  expect(await it.press("}", "}", "}")).toContain("LIVE");
});

test("parentheses lead from alert to alert, and find the chain as it was", async () => {
  const it = show(`
    sshd > bash; bash > curl | sh; curl -> 198.51.100.7:80; +30s; curl exits; sh exits; +60s
    nginx listens :80; nginx:80 <- 203.0.113.9:51022; nginx > sh#2; +60s; sh#2 exits; +100s
  `);
  const [first, second] = it.capture.monitor.detector.findings.map(({ rule }) => rule);
  expect(second).toBeDefined();
  const newest = await it.press("(");
  expect(newest).toMatch(/nginx/u);
  expect(newest).toMatch(/▲ +105 .* sh/u);
  expect(newest).not.toMatch(/exit/u);
  const oldest = await it.press("(");
  expect(oldest).toMatch(/curl/u);
  expect(await it.press("4")).toContain(first as string);
  expect(await it.press("(")).toContain("no further alert");
  expect(await it.press(")")).toContain(second as string);
});

test("each graph of the past is told to be dropped when another, or the present, takes its place", async () => {
  const it = show("bash > curl; curl -> 192.0.2.1:80; bash > wget; wget -> 192.0.2.2:80");
  let dropped = 0;
  it.time.onDropped = () => dropped++;
  await it.press("Z");
  expect(dropped).toBe(0);
  await it.press("[");
  expect(dropped).toBe(1);
  await it.press("L");
  expect(dropped).toBe(2);
});

test("a bookmark is a place to come back to", async () => {
  const it = show("bash > one(--1); +100s; bash > two(--2); +100s");
  await it.press("b", ..."-150s", "\r");
  expect(await it.press("m")).toMatch(/bookmark at \d\d:\d\d:\d\d set/u);
  await it.press("L");
  const back = await it.press("(");
  expect(back).toContain("--1");
  expect(back).not.toContain("--2");
});

test("the cursor, folds and the screen stay on what they are about", async () => {
  const it = show("bash > job(--one); job > child(--two); bash > other(--three); +20s");
  await it.press("j", "j", "h");
  const live = await it.text();
  expect(live).toMatch(/job --one.*below/u);
  const past = await it.press("Z");
  expect(past).toMatch(/job --one.*below/u);
  expect(past).not.toContain("--two");
  await it.press("o");
  expect(await it.press("L")).toMatch(/Origin/iu);
  expect(await it.press("\x1b")).toMatch(/job --one.*below/u);
});

test("no signal is sent from the past", async () => {
  const it = show("bash > job");
  expect(await it.press("Z", "\x0b")).toContain("this is the past");
  expect(it.screen.signals).toEqual([]);
});

test("a recording is shown at its end, and played from its beginning", async () => {
  const path = join(folder(), "incident.spyt");
  const recorded = show("");
  const writer = RecordingWriter.create(path, INFO);
  recorded.capture.recorder.add(writer);
  recorded.go(
    "sshd > bash; bash > curl | sh; curl -> 198.51.100.7:80; +100s; curl exits; sh exits; +100s; bash > late(--l)",
  );
  await recorded.capture.recorder.close();
  await writer.close();
  recorded.close();

  const recording = RecordingReader.open(path);
  const open = (options: object): ReplaySource => new ReplaySource(recording, options);
  const it = show("", new TimeTravel(NAMES, {}, { file: "incident.spyt", open, notes: recording.notes }));
  const end = await it.text();
  expect(end).toMatch(/REPLAY incident\.spyt 2023-11-1\d \d\d:\d\d:\d\d/u);
  expect(end).toMatch(/\d+:\d\d:\d\d .* L end/u);
  expect(end).toContain("--l");
  const alert = await it.press("(");
  expect(alert).toMatch(/curl/u);
  expect(alert).not.toContain("--l");
  expect(await it.press("L")).toContain("--l");
  expect(await it.press("\x0b")).toMatch(/this is a replay: the past gets no signals/u);
  it.screen.press("Z");
  expect(it.time.standing.mode).toBe("playing");
  it.time.pump(1_000);
  expect(it.time.standing.nowNs).toBeLessThan(5e9);
  expect(await it.press("V")).toContain("4 times as fast");
  recording.close();
});

test("an alert stands at its moment, and not before, also where the past has no room for what led to it", async () => {
  const download = "bash > curl; curl -> 198.51.100.7:80; curl writes /tmp/.x; curl exits; +5s";
  const it = show(download, undefined, 300_000);
  const others = Array.from({ length: 4_000 }, (_, at) => `busy writes /srv/${at}`).join("; ");
  it.go(`bash > busy; ${others}; busy exits; +5s; bash > /tmp/.x; +5s; bash > later(--one); +5s`);
  expect(await it.press("4")).toMatch(/download-then-execute/u);
  const then = await it.press("(");
  expect(then).toMatch(/PAUSED/u);
  expect(then).toMatch(/download-then-execute/u);
  expect(it.time.monitor.graph.forgotten.files, "the past forgot files that the present knows").toBeGreaterThan(0);
  expect(it.capture.monitor.graph.forgotten.files).toBe(0);
  expect(await it.press("[", "[")).not.toMatch(/download-then-execute/u);
  expect(await it.press("L")).toMatch(/download-then-execute/u);
});

test("a moment of the past survives that it is kept no longer", async () => {
  const it = show("bash > job(--one); +30s");
  const moment = /PAUSED (\d\d:\d\d:\d\d)/u.exec(await it.press("Z"))?.[1];
  for (let minute = 0; minute < 30; minute++) {
    it.go(`+60s; bash > n${minute}`);
    await it.capture.recorder.flush();
  }
  const paused = await it.text();
  expect(paused).toContain(`PAUSED ${moment} `);
  expect(paused).toMatch(/ 30s .*job --one/u);
  expect(paused).toMatch(/\(-30m\) {2}\d\d:\d\d:\d\d \|●/u);
  expect(paused).not.toContain("n3");
});

test("a time before memory begins is said, and when that is", async () => {
  const it = show("bash > job(--one); +90s; bash > late(--two); +30s");
  const begins = /memory begins at (\d\d:\d\d:\d\d)/u;
  const said = await it.press("b", ..."-30m", "\r");
  expect(said).toMatch(begins);
  expect(said).toContain(`PAUSED ${begins.exec(said)?.[1]}`);
  // In the past, and when the past is not open yet.
  expect(await it.press("b", ..."-30m", "\r")).toMatch(begins);
  await it.press("L");
  it.screen.press("Z", "b", ..."-30m", "\r");
  expect(await it.text()).toMatch(begins);
});

/** What a busy machine tells between two checkpoints: too much to catch up with. */
const FLOOD = 60_000;

test("right after one was in the present, a moment is that moment: no other one's rows, and none that is empty", async () => {
  const it = show("bash > old(--one); +100s; bash > new(--two); +100s");
  it.flood(FLOOD);
  it.go("+100s; bash > newest(--three); +10s");
  await it.press("Z");
  it.screen.press("L", "b", ..."-250s", "\r");
  const making = await it.text();
  // What is shown meanwhile says so, under its own time.
  expect(making).toMatch(/PAUSED \S+ rebuilding \d\d:\d\d:\d\d/u);
  // When that takes long there are no rows of another moment, but how far it is.
  let late = making;
  while (!/^ +rebuilding \d\d:\d\d:\d\d .* 0%$/mu.test(late)) late = await it.text();
  expect(late).not.toContain("--three");
  const shown = await it.arrive();
  expect(shown).not.toMatch(/rebuilding/u);
  expect(shown).toContain("--one");
  expect(shown).not.toContain("--two");
  expect(shown).not.toContain("nothing matches");
});

test("a bookmark tells its time, and is at it", async () => {
  const it = show("bash > one(--1); +60s; bash > two(--2); +60s");
  await it.press("b", ..."-90s", "\r");
  const told = /PAUSED (\d\d:\d\d:\d\d)/u.exec(await it.press("m"))?.[1];
  expect(await it.text()).toContain(`bookmark at ${told} set`);
  await it.press("L");
  expect(await it.press("(")).toContain(`PAUSED ${told}`);
  expect(await it.press("m")).toContain(`bookmark at ${told} removed`);
});

test("what is asked for while the way back is opened is done, the last of it", async () => {
  const it = show("bash > old(--one); +100s; bash > new(--two); +100s");
  it.screen.press("Z", "b", ..."-150s", "\r");
  expect(await it.arrive()).not.toContain("--two");
  it.screen.press("L", "Z", "L", "b", ..."-50s", "\r");
  expect(await it.arrive()).toContain("--two");
  it.screen.press("b", ..."-100s", "\r", "L");
  expect(await it.arrive()).toContain("LIVE");
});

test("a filter of the present is that of the past, though no time has passed between", async () => {
  const it = show("bash > one(--1); one exits; +60s; bash > two(--2)");
  await it.press("\\", ..."two", "\r");
  expect(await it.text()).toContain("--2");
  const past = await it.press("Z");
  expect(past).toContain("--2");
  expect(past).not.toContain("--1");
});

test("a time that is none is said to be none", async () => {
  const it = show("bash > job; +30s");
  expect(await it.press("b", ..."yesterday", "\r")).toContain("a moment is -5m");
  expect(await it.press("\x1b")).toContain("LIVE");
});
