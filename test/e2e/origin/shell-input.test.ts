import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findings } from "../../../src/core/query/findings.ts";
import type { Finding } from "../../../src/core/query/model.ts";
import { cannotTrace } from "../program.ts";
import { distract } from "./distractors.ts";
import { HUB, installed, World } from "./world.ts";

if (cannotTrace !== undefined) console.log(`skipped: ${cannotTrace}`);

let world: World;
const USER = 12_345;

/** Runs a command to its end, each in a folder of its own; `files` are there before. */
async function run(name: string, command: readonly string[], files: Readonly<Record<string, string>>): Promise<void> {
  const folder = `${world.folder}/${name}`;
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(`${folder}/${file}`, content);
  const child = world.spawn(command[0] as string, command.slice(1), folder);
  child.stdin?.end();
  await world.until(`the end of ${name}`, () => (child.exitCode === null ? undefined : true));
  world.drain();
}

/** Findings of a rule about what a command read or ran, by a word of its folder or its URL. */
const told = (rule: string, word: string): readonly Finding[] =>
  findings(world.monitor).filter((finding) => finding.rule === rule && finding.reason.includes(word));

const url = (name: string): string => `http://127.0.0.1:${HUB}/file${world.folder}/${name}`;
/** What a command's shell is called in a reason: its own pid is only known here. */
const byShell = (rule: string, mark: string): readonly Finding[] =>
  findings(world.monitor).filter((finding) => {
    const process = world.monitor.graph.processes.row(finding.process);
    const image = world.monitor.graph.processes.image.get(process);
    return finding.rule === rule && world.monitor.graph.images.argv.get(image).includes(mark);
  });

describe.skipIf(cannotTrace !== undefined)("text a shell takes in itself", () => {
  beforeAll(async () => {
    world = await World.open();
  }, 60_000);
  afterAll(() => world?.close());

  const RULE = "download-in-shell";
  const payload = { "x.sh": "sleep 0\nid\n" };

  test("a sourced download", async () => {
    await run("sourced", ["sh", "-c", `curl -s ${url("sourced/x.sh")} -o y; . ./y; : sourced-mark`], payload);
    expect(byShell(RULE, "sourced-mark")).toMatchObject([
      {
        certainty: "inferred",
        severity: "low",
        reason: expect.stringMatching(/ (da)?sh read .*\/y, which \d+ curl wrote .*started \d+ sleep/),
      },
    ]);
  });

  test.each([
    ["evaluated", `eval "$(curl -s URL)"`],
    ["decoded", `eval "$(curl -s URL | base64 | base64 -d)"`],
    ["standard-input", `curl -s URL | . /dev/stdin`],
  ])("a download that is %s", async (name, script) => {
    await run(name, ["sh", "-c", `${script.replace("URL", url(`${name}/x.sh`))}; : ${name}-mark`], payload);
    expect(byShell(RULE, `${name}-mark`)).toMatchObject([
      {
        certainty: "inferred",
        severity: "medium",
        reason: expect.stringMatching(/ read through a pipe what \d+ (curl|base64) fetched, and then started/),
      },
    ]);
  });

  test("a download that is an argument", async () => {
    await run("argument", ["sh", "-c", `sh -c "$(curl -s ${url("argument/x.sh")})"; : argument-mark`], payload);
    expect(byShell(RULE, "argument-mark")).toMatchObject([{ severity: "medium", certainty: "inferred" }]);
  });

  const PYTHON = "import subprocess as s, sys, socket, pty, os\n";
  const FETCH = "s.check_output(['curl', '-s', 'URL'])";
  test.for<readonly [name: string, severity: string, command: readonly string[]]>([
    ["in-place", "medium", ["sh", "-c", `exec sh -c "$(curl -s URL)" in-place-mark`]],
    ["wrapped", "medium", ["sh", "-c", `timeout 9 nice sh -c "$(curl -s URL)"; : wrapped-mark`]],
    ["appended", "medium", ["sh", "-c", `curl -s URL | xargs -0 --process-slot-var=appended-mark sh -c`]],
    ["replaced", "medium", ["sh", "-c", `curl -s URL | xargs -I{} sh -c '{}' replaced-mark`]],
    ["by-language", "low", ["python3", "-c", `${PYTHON}s.run(['sh', '-c', ${FETCH}, 'by-language-mark'])`]],
    ["echoed", "low", ["bash", "-c", `v=$(curl -s URL); echo "$v" | sh -s echoed-mark`]],
    ["here-string", "low", ["bash", "-c", `v=$(curl -s URL); sh -s here-string-mark <<< "$v"; :`]],
    ["popen", "medium", ["python3", "-c", `${PYTHON}s.run(['sh', '-s', 'popen-mark'], input=${FETCH})`]],
    [
      "socketpair",
      "medium",
      [
        "python3",
        "-c",
        `${PYTHON}d = ${FETCH}\na, b = socket.socketpair()\np = s.Popen(['sh', '-s', 'socketpair-mark'], stdin=b)\nb.close()\na.sendall(d)\na.close()\np.wait()`,
      ],
    ],
    ["terminal", "medium", ["sh", "-c", `curl -s URL | script -qec 'sh -s terminal-mark' /dev/null`]],
    ["relayed", "medium", ["sh", "-c", `socat -u EXEC:'sh f' EXEC:'sh -s relayed-mark'`]],
  ])("a download that is handed over: %s", async ([name, severity, [program = "", ...args]], { skip }) => {
    for (const needed of [program, "curl", "script", "socat"])
      if (!installed(needed)) skip(`${needed} is not installed`);
    const at = url(`${name}/x.sh`);
    await run(name, [program, ...args.map((word) => word.replace("URL", at))], { ...payload, f: `curl -s ${at}\n` });
    expect(byShell(RULE, `${name}-mark`)).toMatchObject([{ severity, certainty: "inferred" }]);
  });

  test("in bash: a process substitution that is sourced, and a connection of its own", async ({ skip }) => {
    if (!installed("bash")) skip("bash is not installed");
    await run("substituted", ["bash", "-c", `. <(curl -s ${url("substituted/x.sh")}); : substituted-mark`], payload);
    expect(byShell(RULE, "substituted-mark")).toMatchObject([{ severity: "medium" }]);
    const connects = { "x.sh": `exec 3<>/dev/tcp/127.0.0.1/${HUB}\n` };
    await run("connects", ["bash", "-c", `eval "$(curl -s ${url("connects/x.sh")})"; : connects-mark`], connects);
    expect(byShell(RULE, "connects-mark")).toMatchObject([
      { reason: expect.stringContaining(`and then connected to 127.0.0.1:${HUB}`) },
    ]);
  });

  test("stays silent for data: values, lists, filters, files that programs read, scripts of packages", async () => {
    const others = distract(world);
    const data = { "x.sh": "1.2.3\n4.5.6\n" };
    const quiet = (name: string, script: string): Promise<void> =>
      run(name, ["sh", "-c", `${script.replaceAll("URL", url(`${name}/x.sh`))}; : ${name}-mark`], data);
    await quiet("value", `v=$(curl -s URL); sleep 0; curl -s URL?$v > f; ls f`);
    await quiet("filtered", `v=$(curl -s URL | sed 1q | cut -d. -f1); sleep 0; test -n "$v"`);
    await quiet("program", `curl -s URL -o f; sort f > g; wc -l < g; sort < f`);
    await quiet("answer", `curl -s URL | sort | while read l; do sleep 0; done`);
    await quiet("pasted", `v=$(curl -s URL); echo "$v" | python3 -c 'import sys; sys.stdin.read()'`);
    await quiet(
      "printed",
      `echo $(curl -s URL); curl -s URL | xargs -n 1 echo; curl -s URL | xargs -I{} sh -c 'test "{}"'`,
    );
    await quiet("fixed", `v=$(curl -s URL); sh -c 'sleep 0; true'; timeout 9 sh -c "sleep 0; true"; sh -c "awk 1 f"`);
    await quiet("parsed", `v=$(curl -s URL); echo "$v" | awk '{ print $1 }'; echo "$v" | sh -c 'cat; sleep 0'`);
    await quiet(
      "languages",
      `python3 -c 'import subprocess as s; s.check_output(["curl", "-s", "URL"]); s.run("sleep 0; true", shell=True)'`,
    );
    await quiet("backup", `tar cf - x.sh | sh -c 'cat > y; sleep 0'; script -qec 'sleep 0' /dev/null`);
    await quiet("written", `echo sleep 0 > own; . ./own; ls`);
    others.end();
    world.drain();
    const marks = [
      "value",
      "filtered",
      "program",
      "answer",
      "pasted",
      "printed",
      "fixed",
      "parsed",
      "languages",
      "backup",
      "written",
    ];
    expect(marks.flatMap((mark) => byShell(RULE, `${mark}-mark`)).map(({ reason }) => reason)).toEqual([]);
    expect(told(RULE, "/others")).toEqual([]);
  });
});

describe.skipIf(cannotTrace !== undefined)("root runs what another user can change", () => {
  beforeAll(async () => {
    world = await World.open();
  }, 60_000);
  afterAll(() => world?.close());

  const RULE = "root-runs-foreign-code";

  /** A folder with a program and a script, and who owns what. */
  async function owned(name: string, folderUid: number, fileUid: number, mode: number): Promise<void> {
    const folder = `${world.folder}/${name}`;
    await run(name, ["true"], { "s.sh": "sleep 0\n", "p.sh": "#!/bin/sh\nsleep 0\n" });
    for (const file of ["s.sh", "p.sh"]) {
      chownSync(`${folder}/${file}`, fileUid, fileUid);
      chmodSync(`${folder}/${file}`, mode);
    }
    chownSync(folder, folderUid, folderUid);
  }

  test("a script, one that is executed and one that is sourced", async () => {
    await owned("scripts", USER, USER, 0o755);
    await run("scripts", ["sh", "s.sh"], {});
    expect(told(RULE, "/scripts/s.sh")).toMatchObject([
      { severity: "medium", reason: expect.stringContaining(`which uid ${USER} owns and can change`) },
    ]);
    await owned("sourced", USER, USER, 0o755);
    await run("sourced", ["sh", "-c", ". ./s.sh; : x"], {});
    expect(told(RULE, "/sourced/s.sh")).toMatchObject([{ severity: "low", certainty: "inferred" }]);
  });

  test("a program by its owner, by its directory's, and one that everybody may write to", async () => {
    const program = async (name: string, folderUid: number, fileUid: number, mode: number): Promise<void> => {
      const path = `${world.folder}/${name}/p`;
      await run(name, ["cp", "/usr/bin/true", path], {});
      chownSync(path, fileUid, fileUid);
      chmodSync(path, mode);
      chownSync(`${world.folder}/${name}`, folderUid, folderUid);
      await run(name, ["setsid", "--wait", path], {});
    };
    // One finding a chain and owner.
    await program("by-file", 0, USER + 1, 0o755);
    await program("by-directory", USER + 2, 0, 0o755);
    await program("by-everybody", 0, 0, 0o757);
    await program("by-nobody", 0, 0, 0o755);
    expect(told(RULE, "/by-file/p, which uid 12346 owns and can change")).toHaveLength(1);
    expect(told(RULE, "/by-directory/p, in a directory of uid 12347")).toHaveLength(1);
    expect(told(RULE, "/by-everybody/p, which everybody can change")).toHaveLength(1);
    expect(told(RULE, "/by-nobody")).toEqual([]);
  });

  test("nothing of what is root's own", async () => {
    await owned("roots", 0, 0, 0o755);
    await run("roots", ["sh", "s.sh"], {});
    await run("roots", ["sh", "-c", "./p.sh; . ./s.sh"], {});
    expect(told(RULE, "/roots/")).toEqual([]);
  });
});
