// From the lines of the machines to a verdict and to the tables of docs/kernel-support.md.

import { readFileSync, writeFileSync } from "node:fs";

const BEGIN = "<!-- kernels:begin -->";
const END = "<!-- kernels:end -->";

/**
 * One kernel's result. `objects` are the lines of its machine; `problem` says why there are none.
 * Gives {name, version, date, failures, lacks, scenes, hooks, programs, loadMs, attachMs, detachMs}.
 */
export function resultOf({ name, arch, lacks }, { version, objects, problem }) {
  const of = (type) => objects.filter((object) => object.type === type);
  const [kernel] = of("kernel");
  const [session] = of("session");
  const [detached] = of("detached");
  const missing = of("feature").filter(({ ok }) => !ok);
  const lost = new Set(missing.map((feature) => feature.name));
  const scenes = of("scene").map((scene) => ({
    ...scene,
    result: scene.ok ? "ok" : lost.has(scene.feature) ? "lacks" : "fails",
  }));
  const programs = of("program").filter(({ verified }) => verified > 0);
  const failures = [
    ...(problem ? [problem] : []),
    ...(session && !session.ok ? [session.why] : []),
    ...missing
      .filter((feature) => !lacks.includes(feature.name))
      .map(({ name, why }) => `feature "${name}" is missing: ${why}`),
    ...scenes.filter(({ result }) => result === "fails").map((scene) => `${scene.name}: ${scene.missing}`),
    ...of("problem").map((object) => `${object.name}: ${object.why}`),
    ...(objects.length > 0 && of("end").length === 0 ? ["the machine ended before its program did"] : []),
    ...of("end")
      .filter(({ status }) => status !== 0)
      .map(({ status }) => `the program ended with status ${status}`),
  ];
  return {
    name,
    arch,
    version: kernel ? `${kernel.name} (${version})` : version,
    date: new Date().toISOString().slice(0, 10),
    failures,
    lacks: [...lost],
    lesser: of("feature")
      .filter(({ ok, onBase }) => ok && onBase)
      .map(({ name }) => name),
    scenes: scenes.map(({ name, result, missing, skipped, note }) => ({ name, result, missing, skipped, note })),
    hooks: of("hook").map(({ name, loads, runs, why }) => ({ name, result: hookResult(loads, runs, why) })),
    programs: Object.fromEntries(programs.map(({ name, verified }) => [name, verified])),
    lsm: kernel?.lsm,
    loadMs: session?.loadMs,
    attachMs: session?.attachMs,
    detachMs: detached?.ms,
  };
}

function hookResult(loads, runs, why) {
  if (runs) return "runs";
  if (!loads) return "-";
  return why === "" ? "silent" : "refused";
}

/** The tables, as Markdown. */
export function tables(results) {
  const booted = results.filter(({ scenes }) => scenes.length > 0);
  const sum = (programs) => Object.values(programs).reduce((total, count) => total + count, 0);
  const cell = (list, name) => list.find((item) => item.name === name)?.result ?? "";
  const names = (key) => [...new Set(booted.flatMap((result) => result[key].map(({ name }) => name)))];
  const columns = booted.map(({ name }) => name);
  const remarks = (key) =>
    booted.flatMap(({ name, scenes }) =>
      scenes.filter((scene) => scene[key]).map((scene) => `- ${name}, ${scene.name}: ${scene[key]}`),
    );
  const skips = remarks("skipped");
  const notes = remarks("note");
  return [
    table(
      ["kernel", "Debian's", "date", "scenes", "lacks", "on a lesser hook", "load, attach, detach ms", "verifier"],
      results.map((r) => [
        r.name,
        r.version ?? "",
        r.date,
        r.scenes.length > 0
          ? `${r.scenes.filter(({ result }) => result === "ok").length} of ${r.scenes.length}`
          : r.failures[0],
        r.lacks.join(", "),
        r.lesser?.join(", ") ?? "",
        r.scenes.length > 0 ? `${r.loadMs}, ${r.attachMs}, ${r.detachMs}` : "",
        sum(r.programs) > 0 ? `${Math.round(sum(r.programs) / 1000)} k` : "",
      ]),
    ),
    "",
    table(
      ["scene", ...columns],
      names("scenes").map((name) => [name, ...booted.map((result) => cell(result.scenes, name))]),
    ),
    "",
    ...(skips.length > 0 ? ["Not tried, because the kernel or its configuration lacks it:", "", ...skips, ""] : []),
    ...(notes.length > 0 ? ["Seen on the way:", "", ...notes, ""] : []),
    "Hooks beyond the portable ones. `runs`: an empty program loaded, attached and ran. `silent`: attached, but nothing the",
    "probe did reached it (LSM hooks: `bpf` is not among the active security modules). `refused`: loaded, not attached.",
    "",
    table(
      ["hook", ...columns],
      names("hooks").map((name) => [`\`${name}\``, ...booted.map((result) => cell(result.hooks, name))]),
    ),
  ].join("\n");
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Puts the tables between the markers of a document. */
export function writeTables(file, results) {
  const text = readFileSync(file, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} has no ${BEGIN} ... ${END}`);
  writeFileSync(file, `${text.slice(0, begin + BEGIN.length)}\n\n${tables(results)}\n\n${text.slice(end)}`);
}
