import type { Graph } from "../graph/graph.ts";
import { IMAGE_KNOWN } from "../graph/images.ts";
import type { ImageIndex, ProcessIndex } from "../graph/indexes.ts";
import { NONE } from "../graph/indexes.ts";
import { resolvePath } from "../graph/paths.ts";
import { isContainerRuntime, isRuntimeImage, isTrusted } from "../graph/trust.ts";
import { who } from "../origin/words.ts";
import { imageCertainty } from "../query/certainty.ts";
import type { Severity } from "../query/model.ts";
import { IMAGE_FLAG } from "../wire/layout.gen.ts";
import { chainRoot } from "./chain.ts";
import type { Signal } from "./signal.ts";

/**
 * Right in a directory everybody may write to. A directory below it belongs to whoever made it: a checkout, a build, a test run.
 * Known gap: what was dropped into such a directory of one's own; a download that is executed is found by its own signal.
 */
const IN_WRITABLE = /^\/(tmp|var\/tmp|run\/lock)\/[^/]+$/;
const IN_MEMORY_DIRECTORY = /^\/(dev|run)\/shm\//;
/** A hidden program, or a hidden directory right in such a directory or a user's runtime directory. */
const HIDDEN = /^\/(tmp|var\/tmp|run\/lock|run\/user\/\d+)\/(\.[^/]|.*\/\.[^/]+$)/;
/** Where build and packaging tools run what they just made. Known false positives beside them: self-extracting programs. */
const BUILD =
  /^\/(var\/)?tmp\/(go-build|go-link|pytest|cargo|rustc|cc[A-Za-z0-9]{6}|npm-|npx-|pip-|uv-|bazel|nix-build|build[-.]|cmake|conftest|mkinitramfs|dracut)/i;
const BUILDER =
  /^(go|(.*-)?(gcc|g\+\+|cc|c\+\+|clang|clang\+\+|cpp)(-[\d.]+)?|collect2|ld(\..*)?|make|gmake|ninja|cmake|ctest|bazel|cargo|rustc|pytest|py\.test|pip[\d.]*|uv|npm(-cli\.js)?|npx(-cli\.js)?|nix-.*|dracut.*|mkinitramfs|update-initramfs)$/;
const SHELL = /^(ba|da|z|k|a)?sh$/;
/** Container runtimes copy themselves into memory before they enter a container (CVE-2019-5736). */
const SELF_CLONE = /runc_cloned|^\/?memfd:(runc|crun|systemd|lxc)/;
const SYSTEM = /^\/(usr|bin|sbin|lib|lib64|opt|snap|nix)\//;

/** What executed it was a runtime; of one found waiting to start its container only the parent can tell. */
function isRuntimeClone(graph: Graph, process: ProcessIndex, image: ImageIndex): boolean {
  const { images, processes } = graph;
  if ((images.known.get(image) & IMAGE_KNOWN.BEFORE_START) === 0)
    return isRuntimeImage(graph, images.previous.get(image));
  const parent = processes.parent.get(process);
  return parent !== NONE && isContainerRuntime(graph, parent, processes.startNs.get(process));
}

/** A build tool that nobody tampered with started it, itself or by a shell. */
function madeByBuild(graph: Graph, process: ProcessIndex): boolean {
  const { processes } = graph;
  const parent = processes.parent.get(process);
  if (parent === NONE) return false;
  const startNs = processes.startNs.get(process);
  if (!isTrusted(graph, parent, startNs, SHELL)) return isTrusted(graph, parent, startNs, BUILDER);
  const above = processes.parent.get(parent);
  return above !== NONE && isTrusted(graph, above, startNs, BUILDER);
}

interface Place {
  readonly what: string;
  readonly severity: Severity;
  readonly techniques: readonly string[];
}

/** What runs lies where nothing installed would: a directory everybody can write to, memory, or it has no name left. */
export function unusualExecutable(graph: Graph, process: ProcessIndex): Signal | undefined {
  const { images, files, processes } = graph;
  const image = processes.image.get(process);
  if (image === NONE || processes.tgid.get(process) === graph.monitorPid) return undefined;
  const exe = images.exe.get(image);
  const named = images.script.get(image);
  const script = named === "" ? "" : resolvePath(named, images.cwd.get(image));
  const flags = images.flags.get(image);
  const found = (images.known.get(image) & IMAGE_KNOWN.BEFORE_START) !== 0;
  const path = placeOf(script) === undefined ? exe : script;
  if (BUILD.test(path) && madeByBuild(graph, process)) return undefined;
  const cloned = SELF_CLONE.test(exe) && isRuntimeClone(graph, process, image);
  const place = (cloned ? undefined : memoryPlace(flags)) ?? deletedPlace(exe, flags, found) ?? placeOf(path);
  if (place === undefined) return undefined;
  const file = files.row(images.fileId.get(image));
  return {
    rule: "unusual-executable",
    title: "Execution from an unusual place",
    reason: `${who(graph, process, Number.POSITIVE_INFINITY)} ${found ? "runs" : "executed"} ${path || "a file without a name"}: ${place.what}`,
    severity: place.severity,
    techniques: place.techniques,
    atNs: images.atNs.get(image),
    process,
    others: [],
    evidence: file === NONE ? [] : [{ kind: "file", id: files.id(file) }],
    certainty: imageCertainty(graph, image),
    key: `${processes.keyOf(chainRoot(graph, process))}|${path}`,
  };
}

function memoryPlace(flags: number): Place | undefined {
  if ((flags & IMAGE_FLAG.MEMFD) === 0) return undefined;
  return { what: "it exists in memory only", severity: "high", techniques: ["T1620"] };
}

/** An upgrade leaves running programs without a name; one that had none when it was executed was hidden. */
function deletedPlace(exe: string, flags: number, found: boolean): Place | undefined {
  if ((flags & IMAGE_FLAG.DELETED) === 0 || (flags & IMAGE_FLAG.MEMFD) !== 0) return undefined;
  if (found && SYSTEM.test(exe)) return undefined;
  return { what: "it has been deleted", severity: found ? "low" : "medium", techniques: ["T1070.004"] };
}

function placeOf(path: string): Place | undefined {
  if (IN_MEMORY_DIRECTORY.test(path))
    return {
      what: "a directory in memory that everybody may write to",
      severity: "high",
      techniques: ["T1036.005", "T1059"],
    };
  if (HIDDEN.test(path))
    return {
      what: "hidden, in a directory everybody may write to",
      severity: "medium",
      techniques: ["T1564.001", "T1059"],
    };
  if (!IN_WRITABLE.test(path)) return undefined;
  return { what: "a directory everybody may write to", severity: "low", techniques: ["T1059"] };
}
