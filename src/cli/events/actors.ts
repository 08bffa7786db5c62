import type { Graph } from "../../core/graph/graph.ts";
import type { ProcessIndex } from "../../core/graph/indexes.ts";
import { NONE } from "../../core/graph/indexes.ts";
import { baseName } from "../../core/graph/paths.ts";
import { NO_LOGIN, PROCESS_FLAG } from "../../core/graph/processes.ts";
import { imageAt } from "../../core/graph/provenance.ts";
import { nameAt } from "../../core/graph/roles.ts";
import { argvOf, envOf } from "../../core/query/names.ts";
import type { BatchReader } from "../../core/wire/decode.ts";
import { IMAGE } from "../../core/wire/layout.gen.ts";
import type { Names } from "../../ui/ports.ts";
import type { Actor } from "./event.ts";

/** Processes are remembered as they were last asked for; a burst of events is mostly of the same few. */
const KEPT = 4096;

interface Kept {
  readonly key: string;
  readonly actor: Actor;
}

/** Processes as events name them: with what they ran at that moment. */
export class Actors {
  readonly #graph: Graph;
  readonly #names: Names;
  readonly #kept = new Map<number, Kept>();

  constructor(graph: Graph, names: Names) {
    this.#graph = graph;
    this.#names = names;
  }

  /** A process by the two words of its start; undefined when the record has none. */
  of(pid: number, startLo: number, startHi: number, timeNs: number): Actor | undefined {
    const { processes } = this.#graph;
    if (pid === 0) return undefined;
    const row = startLo === 0 && startHi === 0 ? processes.at(pid, timeNs) : processes.find(pid, startLo, startHi);
    return row === NONE ? this.#stranger(pid, startLo, startHi) : this.#at(row, timeNs);
  }

  /** What an image row says itself: the graph may know of changes later in the same batch. */
  asTold(actor: Actor, reader: BatchReader): Actor {
    const uid = reader.u32(IMAGE.uid);
    const cgroup =
      reader.text(IMAGE.cgroupPath) || this.#graph.cgroupPaths.get(reader.number(IMAGE.cgroup)) || actor.cgroup;
    return { ...actor, uid, user: this.#names.user(uid), cgroup, container: this.#names.container(cgroup) };
  }

  #at(row: ProcessIndex, timeNs: number): Actor {
    const { processes } = this.#graph;
    const image = imageAt(this.#graph, row, timeNs);
    const id = processes.id(row);
    const key = `${image}/${processes.uid.get(row)}/${processes.cgroupPath.get(row)}/${processes.parent.get(row)}`;
    const kept = this.#kept.get(id);
    if (kept?.key === key) return kept.actor;
    if (this.#kept.size >= KEPT) this.#kept.clear();
    const actor = this.#describe(row, image, timeNs);
    this.#kept.set(id, { key, actor });
    return actor;
  }

  #describe(row: ProcessIndex, image: number, timeNs: number): Actor {
    const { processes, images, clock } = this.#graph;
    const uid = processes.uid.get(row);
    const loginUid = processes.loginUid.get(row);
    const cgroup = processes.cgroupPath.get(row);
    const parent = processes.parent.get(row);
    const described = image !== NONE || processes.has(row, PROCESS_FLAG.DESCRIBED);
    const exe = image === NONE ? "" : images.exe.get(image);
    const cwd = image === NONE ? "" : images.cwd.get(image);
    const script = image === NONE ? "" : images.script.get(image);
    const environment = image === NONE ? [] : envOf(this.#graph, image);
    return {
      pid: processes.tgid.get(row),
      id: processIdText(this.#graph, row),
      startMs: clock.wallOf(processes.startNs.get(row)),
      name: (exe === "" ? "" : baseName(exe)) || processes.comm.get(row),
      ...(exe === "" ? {} : { executable: exe }),
      args: image === NONE ? [] : argvOf(this.#graph, image),
      ...(cwd === "" ? {} : { cwd }),
      ...(environment.length === 0 ? {} : { environment }),
      ...(script === "" ? {} : { script }),
      ...(described ? { uid, user: this.#names.user(uid) } : {}),
      ...(loginUid === NO_LOGIN ? {} : { loginUid }),
      cgroup,
      container: this.#names.container(cgroup),
      ...(parent === NONE ? {} : { parent: this.#parentOf(parent, timeNs) }),
    };
  }

  #parentOf(row: ProcessIndex, timeNs: number): Required<Actor>["parent"] {
    const { processes, images } = this.#graph;
    const image = imageAt(this.#graph, row, timeNs);
    const exe = image === NONE ? "" : images.exe.get(image);
    return {
      pid: processes.tgid.get(row),
      id: processIdText(this.#graph, row),
      name: nameAt(this.#graph, row, timeNs),
      ...(exe === "" ? {} : { executable: exe }),
    };
  }

  /** A process the graph has forgotten, or never heard of. */
  #stranger(pid: number, startLo: number, startHi: number): Actor {
    return { pid, id: idOf(pid, startLo, startHi), name: "", args: [], cgroup: "", container: "" };
  }
}

/** "4242@81234567890": a process as events and traces name it. */
export function processIdText({ processes }: Graph, row: ProcessIndex): string {
  return idOf(processes.tgid.get(row), processes.startLo.get(row), processes.startHi.get(row));
}

function idOf(pid: number, startLo: number, startHi: number): string {
  return `${pid}@${(BigInt(startHi) << 32n) | BigInt(startLo)}`;
}
