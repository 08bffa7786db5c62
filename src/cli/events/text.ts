import { formatClock, formatDay } from "../../ui/text/format.ts";
import { sanitise } from "../../ui/text/sanitise.ts";
import type { Actor, Endpoint, FileFacts, MonitorEvent, NetworkFacts } from "./event.ts";

const KIND_WIDTH = 12;
const MARKS = { observed: "", inferred: " (inferred)", "before start": " (before start)" } as const;

/** One event as a line: when, what, who, and the rest. Local time. */
export function textOf(event: MonitorEvent, withDate: boolean): string {
  const { kind, process, truncated, error, certainty } = event;
  const who = process === undefined ? "-" : called(process);
  const where = process === undefined || process.container === "" ? "" : ` [${process.container}]`;
  const rest = [objectOf(event), error ?? "", truncated ? "(cut)" : ""].filter((part) => part !== "").join(" ");
  return sanitise(
    `${clock(event.atMs, withDate)}  ${kind.padEnd(KIND_WIDTH)} ${who}${where}  ${rest}${MARKS[certainty]}`.trimEnd(),
  );
}

function called({ pid, name }: Pick<Actor, "pid" | "name">): string {
  return `${pid} ${name || "?"}`;
}

function objectOf(event: MonitorEvent): string {
  const { kind, process, target, file, network, exit, details } = event;
  switch (kind) {
    case "fork":
      return target === undefined ? "" : `-> ${target.pid}`;
    case "exec":
    case "found":
      return process === undefined ? "" : commandOf(process);
    case "exit":
      return exit?.signal === undefined
        ? exit?.status === undefined
          ? ""
          : `status ${exit.status}`
        : `signal ${exit.signal}`;
    case "throttled":
      return `${details?.["records"]} records of kind ${details?.["of"]}: beyond its share of a crowded buffer`;
    case "lost":
      return `${details?.["records"]} records of kind ${details?.["of"]}: the kernel's buffer was full`;
  }
  const parts = [file && fileText(file), network && networkText(network), target && `-> ${called(target)}`];
  for (const [name, value] of Object.entries(details ?? {})) parts.push(`${name} ${value}`);
  return parts.filter((part) => part !== undefined).join("  ");
}

function commandOf({ args, executable, name, user, parent }: Actor): string {
  const command = args.length === 0 ? (executable ?? name) : args.join(" ");
  const by = parent === undefined ? "" : `  (${user ?? "?"}, by ${called(parent)})`;
  return command + by;
}

function fileText({ path, target, access }: FileFacts): string {
  return `${access === undefined ? "" : `${access} `}${path}${target === undefined ? "" : ` -> ${target}`}`;
}

function networkText({ protocol, direction, local, remote, path, txBytes, rxBytes }: NetworkFacts): string {
  const bytes = txBytes + rxBytes === 0 ? "" : ` (sent ${txBytes}, received ${rxBytes})`;
  if (protocol === "unix") return `unix ${path ?? "(unnamed)"}`;
  if (remote === undefined) return `${protocol} ${endpointText(local)}`;
  const arrow = direction === "in" ? "<-" : direction === "out" ? "->" : "--";
  return `${protocol} ${endpointText(local)} ${arrow} ${endpointText(remote)}${bytes}`;
}

function endpointText(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) return ":*";
  const name = endpoint.name === undefined ? "" : ` (${endpoint.name})`;
  return (endpoint.ip.includes(":") ? `[${endpoint.ip}]:${endpoint.port}` : `${endpoint.ip}:${endpoint.port}`) + name;
}

/** "14:31:29.123456", after the date where it is wanted. Microseconds are what a double holds of ms since 1970. */
function clock(ms: number, withDate: boolean): string {
  const us = String(Math.floor((ms - Math.floor(ms)) * 1000)).padStart(3, "0");
  const time = withDate ? formatDay(ms) : formatClock(ms);
  return `${time}.${String(new Date(ms).getMilliseconds()).padStart(3, "0")}${us}`;
}
