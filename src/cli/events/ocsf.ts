import { baseName } from "../../core/graph/paths.ts";
import type { Actor, Endpoint, FileFacts, MonitorEvent, NetworkFacts } from "./event.ts";
import { activityOf, CLASSES } from "./ocsf-activity.ts";
import type { Reporter } from "./reporter.ts";

const VERSION = "1.6.0";
const LINUX = 200;
const INFORMATIONAL = { severity_id: 1, severity: "Informational" } as const;
/** What was lost may have been what one looks for. */
const MEDIUM = { severity_id: 3, severity: "Medium" } as const;
/** File types of OCSF by S_IFMT bits >> 12. */
const FILE_TYPES: Readonly<Record<number, readonly [id: number, name: string]>> = {
  1: [6, "Named Pipe"],
  2: [3, "Character Device"],
  4: [2, "Folder"],
  6: [4, "Block Device"],
  8: [1, "Regular File"],
  10: [7, "Symbolic Link"],
  12: [5, "Local Socket"],
};
const UNKNOWN_TYPE = [0, "Unknown"] as const;

/** One event of a class of OCSF 1.6.0 (docs/schema/event-ocsf.json). */
export function ocsfOf(event: MonitorEvent, reporter: Reporter): object {
  const { classUid, activityId, activityName } = activityOf(event);
  const { name: className, categoryUid, categoryName } = CLASSES[classUid];
  const lost = event.kind === "lost" || event.kind === "throttled";
  return {
    class_uid: classUid,
    class_name: className,
    category_uid: categoryUid,
    category_name: categoryName,
    activity_id: activityId,
    activity_name: activityName,
    type_uid: classUid * 100 + activityId,
    type_name: `${className}: ${activityId === 99 ? "Other" : activityName}`,
    time: Math.round(event.atMs),
    ...(lost ? MEDIUM : INFORMATIONAL),
    ...(event.error === undefined
      ? { status_id: 1, status: "Success" }
      : { status_id: 2, status: "Failure", status_code: event.error }),
    metadata: metadataOf(event, reporter),
    ...(lost ? { message: `${event.details?.["records"]} records of kind ${event.details?.["of"]} were lost` } : {}),
    ...bodyOf(event, classUid, reporter),
    unmapped: { certainty: event.certainty, ...event.details },
  };
}

function metadataOf({ kind, process, truncated, network }: MonitorEvent, { version }: Reporter): object {
  const profiles = [...(network === undefined ? [] : ["host"]), ...(process?.container ? ["container"] : [])];
  return {
    version: VERSION,
    product: { name: "spydertop", vendor_name: "spydertop", version },
    event_code: kind,
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(truncated ? { is_truncated: true } : {}),
  };
}

function bodyOf(event: MonitorEvent, classUid: keyof typeof CLASSES, reporter: Reporter): object {
  const { process, target, exit } = event;
  if (classUid === 0) return {};
  const device = {
    hostname: reporter.hostname || "unknown",
    type_id: 0,
    type: "Unknown",
    os: { name: "Linux", type_id: LINUX },
  };
  const who = { device, actor: actorOf(process) };
  switch (classUid) {
    case 1001:
      return { ...who, ...filesOf(event) };
    case 4001:
      return { ...who, ...networkOf(event.network) };
    case 1007: {
      // Who launches a program is the process that forked it; an exec replaces what runs in it.
      const launched = event.kind === "exec" || event.kind === "found";
      const parent = launched ? process?.parent : undefined;
      const subject = target ?? process;
      return {
        ...who,
        ...(parent === undefined ? {} : { actor: { process: parentOf(parent) } }),
        process: subject === undefined ? { uid: "unknown" } : processOf(subject),
        ...(exit === undefined ? {} : exitOf(exit)),
        ...(event.kind === "inject" ? { injection_type_id: 0, injection_type: "Unknown" } : {}),
      };
    }
  }
}

function exitOf({ status, signal }: Required<MonitorEvent>["exit"]): object {
  // As a shell has it: a signal is 128 and its number.
  return signal !== undefined ? { exit_code: 128 + signal } : status === undefined ? {} : { exit_code: status };
}

function actorOf(process: Actor | undefined): object {
  return process === undefined ? { app_name: "unknown" } : { process: processOf(process), ...userOf(process) };
}

function processOf(actor: Actor): object {
  const { pid, id, name, args, executable, cwd, startMs, parent, container } = actor;
  return {
    pid,
    uid: id,
    name,
    cmd_line: args.join(" "),
    ...(executable === undefined ? {} : { file: executableOf(executable) }),
    ...(cwd === undefined ? {} : { working_directory: cwd }),
    ...(startMs === undefined ? {} : { created_time: Math.round(startMs) }),
    ...userOf(actor),
    ...(parent === undefined ? {} : { parent_process: parentOf(parent) }),
    ...(container === "" ? {} : { container: { name: container } }),
  };
}

function parentOf({ pid, id, name, executable }: Required<Actor>["parent"]): object {
  return { pid, uid: id, name, ...(executable === undefined ? {} : { file: executableOf(executable) }) };
}

function userOf({ uid, user }: Actor): { user?: object } {
  return uid === undefined ? {} : { user: { uid: String(uid), name: user ?? "" } };
}

function executableOf(path: string): object {
  return { ...named(path), type_id: 8, type: "Executable File" };
}

function named(path: string): object {
  return { name: baseName(path) || path, path };
}

function filesOf({ kind, file }: MonitorEvent): object {
  if (file === undefined) return { file: { name: "", type_id: 0 } };
  const { path, target } = file;
  if (target === undefined) return { file: fileOf(file, path) };
  switch (kind) {
    case "rename":
      return { file: fileOf(file, path), file_result: fileOf(file, target) };
    case "mount":
      return { file: { ...fileOf(file, target), type_id: 2, type: "Folder" } };
    case "symlink":
      return { file: { ...fileOf(file, target), type_id: 7, type: "Symbolic Link" } };
    default:
      return { file: fileOf(file, target) };
  }
}

function fileOf({ inode, device, mode, ownerUid, size, deleted }: FileFacts, path: string): object {
  const [id, type] = (mode === undefined ? undefined : FILE_TYPES[mode >> 12]) ?? UNKNOWN_TYPE;
  return {
    ...named(path),
    type_id: id,
    type,
    ...(inode === undefined ? {} : { uid: `${device}/${inode}` }),
    ...(ownerUid === undefined ? {} : { owner: { uid: String(ownerUid) } }),
    ...(size === undefined ? {} : { size }),
    ...(deleted ? { is_deleted: true } : {}),
  };
}

function networkOf(network: NetworkFacts | undefined): object {
  if (network === undefined) return { dst_endpoint: { name: "unknown" } };
  const { direction, local, remote, path, protocol, number, ipVersion, socket, txBytes, rxBytes } = network;
  const inward = direction === "in" || direction === "listen";
  const [from, to] = inward ? [remote, local] : [local, remote];
  const directionId = direction === "out" ? 2 : direction === "in" ? 1 : 0;
  const named = protocol === "unix" ? { dst_endpoint: { name: path ?? "(unnamed)" } } : endpoints(from, to);
  return {
    ...named,
    is_src_dst_assignment_known: direction !== "unknown",
    connection_info: {
      direction_id: directionId,
      direction: ["Unknown", "Inbound", "Outbound"][directionId],
      uid: socket,
      ...(protocol === "other" ? {} : { protocol_name: protocol }),
      ...(number === undefined ? {} : { protocol_num: number }),
      ...(ipVersion === undefined ? {} : { protocol_ver_id: ipVersion }),
    },
    traffic: inward ? { bytes_in: txBytes, bytes_out: rxBytes } : { bytes_in: rxBytes, bytes_out: txBytes },
  };
}

function endpoints(from: Endpoint | undefined, to: Endpoint | undefined): object {
  if (from === undefined && to === undefined) return { dst_endpoint: { name: "unknown" } };
  return {
    ...(from === undefined ? {} : { src_endpoint: endpointOf(from) }),
    ...(to === undefined ? {} : { dst_endpoint: endpointOf(to) }),
  };
}

function endpointOf({ ip, port, name }: Endpoint): object {
  return { ip, port, ...(name === undefined ? {} : { hostname: name }) };
}
