import type { ImageFields } from "../../../core/wire/fields.ts";
import { IMAGE_FLAG } from "../../../core/wire/layout.gen.ts";
import { idOf, isObject, type Json, numberOf, objectOf, textOf } from "../json.ts";
import { MalformedLine } from "../problems.ts";

/** What every event repeats about a process: one of its executions, named by `execId`. */
export interface ProcessInfo {
  readonly execId: string;
  readonly pid: number;
  /** Start of the execution. */
  readonly startTime: string;
  readonly flags: readonly string[];
  /** Everything else; read when it is needed. */
  readonly json: Json;
}

/** What a row says of an execution. */
export interface Execution {
  readonly fields: Omit<ImageFields, "timeNs" | "pid" | "startNs" | "flags">;
  readonly cgroupPath: string;
  /** Name of its container; empty outside of one. */
  readonly container: string;
}

const COMM_LENGTH = 15;
/** `trunc` bits of an image row by string: exe, cwd, argv. */
const EXE_CUT = 1;
const ARGV_CUT = 4;

/** Throws MalformedLine when it has no pid or id. */
export function processInfo(value: unknown): ProcessInfo {
  if (!isObject(value)) throw new MalformedLine("an event without a process");
  const execId = textOf(value["exec_id"]);
  const pid = idOf(value["pid"]);
  if (execId === "" || pid === undefined) throw new MalformedLine("a process without pid or exec_id");
  return { execId, pid, startTime: textOf(value["start_time"]), flags: textOf(value["flags"]).split(" "), json: value };
}

export function executionOf({ json, flags }: ProcessInfo): Execution {
  const exe = textOf(json["binary"]);
  const argv = [exe, ...splitArguments(textOf(json["arguments"]))].join("\0");
  const { path, name } = containerOf(json);
  return { fields: { exe, argv, cgroupPath: path, ...fieldsOf(json, flags, exe) }, cgroupPath: path, container: name };
}

function fieldsOf(json: Json, flags: readonly string[], exe: string): Partial<ImageFields> {
  const ns = objectOf(json["ns"]);
  const inode = (name: string): number => idOf(objectOf(ns[name])["inum"]) ?? 0;
  const credentials = objectOf(json["process_credentials"]);
  const properties = objectOf(json["binary_properties"]);
  const links = numberOf(objectOf(objectOf(properties["file"])["inode"])["links"]);
  const uid = idOf(credentials["uid"]) ?? idOf(json["uid"]) ?? 0;
  const gid = idOf(credentials["gid"]) ?? 0;
  const loginUid = idOf(json["auid"]);
  const memfd = /^\/proc\/(self|\d+)\/fd\/|^memfd:/.test(exe) && links === 0;
  const base = exe.lastIndexOf("/") + 1;
  return {
    cwd: textOf(json["cwd"]),
    comm: exe.slice(base, base + COMM_LENGTH),
    trunc: (flags.includes("truncFilename") ? EXE_CUT : 0) | (flags.includes("truncArgs") ? ARGV_CUT : 0),
    uid,
    gid,
    euid: idOf(credentials["euid"]) ?? uid,
    egid: idOf(credentials["egid"]) ?? gid,
    mntns: inode("mnt"),
    pidns: inode("pid"),
    netns: inode("net"),
    userns: inode("user"),
    image:
      (links === 0 ? IMAGE_FLAG.DELETED : 0) |
      (memfd ? IMAGE_FLAG.MEMFD : 0) |
      (properties["setuid"] !== undefined ? IMAGE_FLAG.SETUID : 0),
    ...(loginUid === undefined ? {} : { loginUid }),
  };
}

/** Arguments are joined by blanks; those with a blank are quoted. */
export function splitArguments(text: string): string[] {
  const found: string[] = [];
  for (const [, quoted, plain] of text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g))
    found.push(plain ?? (quoted ?? "").replace(/\\(.)/g, "$1"));
  return found;
}

/** The export names containers and tells no cgroup: the path is made so that its form says the same. */
function containerOf(value: Json): { path: string; name: string } {
  const pod = objectOf(value["pod"]);
  const container = objectOf(pod["container"]);
  const id = textOf(container["id"]).replace(/^[a-z-]+:\/\//, "");
  if (id !== "") {
    const name = [textOf(pod["name"]), textOf(container["name"])].filter((part) => part !== "").join("/");
    return { path: `/kubepods/pod${textOf(pod["uid"])}/${id}`, name };
  }
  const docker = textOf(value["docker"]);
  return docker === "" ? { path: "", name: "" } : { path: `/docker/${docker}`, name: docker.slice(0, 12) };
}
