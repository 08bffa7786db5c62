import type { Graph } from "../../core/graph/graph.ts";
import { NONE } from "../../core/graph/indexes.ts";
import { errnoName } from "../../core/query/errno.ts";
import type { Certainty } from "../../core/query/model.ts";
import { formatAddress } from "../../core/text/address.ts";
import { parseDnsAnswer } from "../../core/text/dns.ts";
import { BatchReader } from "../../core/wire/decode.ts";
import { CALL, CRED, DNS, EXIT, FLAG, FORK, HDR, KIND, LOSS, PIPE, SOCK } from "../../core/wire/layout.gen.ts";
import type { Names } from "../../ui/ports.ts";
import { Actors } from "./actors.ts";
import type { Actor, EventKind, MonitorEvent } from "./event.ts";
import { bytesFacts, fileFacts, firstUseFacts, openKind, pathFacts } from "./file-facts.ts";
import { endOf, networkFacts, unixFacts } from "./network-facts.ts";

/** "open", "unix-connect": kinds of records by number, as losses name them. */
const RECORD_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(KIND).map(([name, kind]) => [kind, name.toLowerCase().replaceAll("_", "-")]),
);

const UNKNOWN_EXIT = 0xffffffff;
const NOT_KNOWN = 0xffffffff;
const EINPROGRESS = 115;

type Facts = Omit<MonitorEvent, "atMs" | "certainty" | "truncated" | "process">;

/** The events of batches that the graph has taken in already: it says who acted. State found at the start is no event. */
export class EventDecoder {
  readonly #reader = new BatchReader();
  readonly #graph: Graph;
  readonly #actors: Actors;

  constructor(graph: Graph, names: Names) {
    this.#graph = graph;
    this.#actors = new Actors(graph, names);
  }

  *events(batch: Uint8Array): Generator<MonitorEvent> {
    const reader = this.#reader;
    if (!reader.open(batch)) return;
    while (reader.next()) {
      const facts = this.#facts(reader);
      if (facts === undefined) continue;
      const process = facts.kind === "lost" ? undefined : this.#owner(reader);
      yield {
        ...facts,
        atMs: this.#graph.clock.wallOf(reader.timeNs(HDR.time)),
        certainty: certaintyOf(reader),
        truncated: reader.trunc !== 0,
        ...(process === undefined ? {} : { process }),
      };
    }
  }

  #owner(reader: BatchReader): Actor | undefined {
    if ((reader.flags & FLAG.NO_OWNER) !== 0) return undefined;
    const lo = reader.lo(HDR.start);
    const actor = this.#actors.of(reader.u32(HDR.tgid), lo, reader.hi(HDR.start), reader.timeNs(HDR.time));
    const told = reader.kind === KIND.EXEC || reader.kind === KIND.PROCESS;
    return told && actor !== undefined ? this.#actors.asTold(actor, reader) : actor;
  }

  #facts(reader: BatchReader): Facts | undefined {
    const { kind } = reader;
    if (kind === KIND.MARK || kind === KIND.TICK) return undefined;
    if (kind >= KIND.STATE_FILE) return undefined;
    if (kind === KIND.LOSS || kind === KIND.THROTTLED) return lossFacts(reader);
    if ((reader.flags & FLAG.BEFORE_START) !== 0) return undefined;
    switch (kind) {
      case KIND.FORK:
        return { kind: "fork", ...this.#target(reader, reader.u32(FORK.childTgid), FORK.childStart) };
      case KIND.EXEC:
        return { kind: "exec" };
      case KIND.PROCESS:
        return { kind: "found" };
      case KIND.EXIT:
        return { kind: "exit", exit: exitFacts(reader) };
      case KIND.OPEN:
        return { kind: openKind(reader), file: fileFacts(reader) };
      case KIND.CHMOD:
        return { kind: "chmod", file: fileFacts(reader) };
      case KIND.READ:
        return { kind: "read", file: firstUseFacts(reader, "read") };
      case KIND.WRITE:
        return { kind: "write", file: firstUseFacts(reader, "write") };
      case KIND.RENAME:
      case KIND.UNLINK:
      case KIND.LINK:
      case KIND.SYMLINK:
      case KIND.MOUNT:
      case KIND.TRUNCATE:
      case KIND.CHOWN:
        return pathFacts(reader, RECORD_NAMES.get(kind) as EventKind);
      case KIND.CONNECT:
      case KIND.ACCEPT:
      case KIND.LISTEN:
      case KIND.CLOSE:
      case KIND.DATAGRAM:
        return {
          kind: RECORD_NAMES.get(kind) as EventKind,
          network: networkFacts(this.#graph, reader),
          ...connectError(reader),
        };
      case KIND.SOCKET:
        return this.#isNews(reader) ? { kind: "socket", network: networkFacts(this.#graph, reader) } : undefined;
      case KIND.UNIX_CONNECT:
      case KIND.UNIX_ACCEPT:
        return unixFacts(reader, kind === KIND.UNIX_CONNECT ? "unix-connect" : "unix-accept");
      case KIND.UNIX_SOCKET:
        return undefined;
      case KIND.PIPE:
        return { kind: "pipe", details: { inode: String(u64(reader, PIPE.ino)) } };
      case KIND.CRED:
        return { kind: "credentials", details: credentials(reader) };
      case KIND.BYTES:
        return { kind: "bytes", ...bytesFacts(this.#graph, reader) };
      case KIND.DNS:
        return { kind: "dns", details: answer(reader) };
      case KIND.INJECT:
      case KIND.MEMORY:
      case KIND.SIGNAL:
      case KIND.KERNEL:
      case KIND.NAMESPACE:
      case KIND.URING:
      case KIND.FD_PASS:
      case KIND.CGROUP:
        return this.#call(reader);
      default:
        return { kind: "unknown", details: { record: RECORD_NAMES.get(kind) ?? String(kind) } };
    }
  }

  #call(reader: BatchReader): Facts {
    const { kind } = reader;
    const name = kind === KIND.URING ? "io_uring" : RECORD_NAMES.get(kind);
    const ret = reader.i32(CALL.ret);
    const path = reader.text(CALL.path);
    const details: Record<string, string | number> = {};
    if (path !== "") details["name"] = path;
    if (kind === KIND.SIGNAL) details["signal"] = reader.number(CALL.args);
    else if (kind === KIND.URING) details["opcode"] = reader.u32(CALL.nr);
    else if (kind === KIND.FD_PASS) {
      details["way"] = reader.number(CALL.args) === 2 ? "received" : "sent";
      details["descriptors"] = reader.number(CALL.args + 16);
      details["socket"] = String(u64(reader, CALL.args + 8));
    } else if (kind !== KIND.CGROUP) {
      details["syscall"] = reader.u32(CALL.nr);
      details["arguments"] = [0, 8, 16, 24].map((at) => `0x${u64(reader, CALL.args + at).toString(16)}`).join(" ");
    }
    // What signal_generate returns is where the signal went, not an error.
    const failed = ret < 0 && kind !== KIND.SIGNAL;
    return {
      kind: name as EventKind,
      ...this.#target(reader, reader.u32(CALL.targetTgid), CALL.targetStart),
      details,
      ...(failed ? { error: errnoName(-ret) } : {}),
    };
  }

  #target(reader: BatchReader, pid: number, start: number): { target?: Actor } {
    const target = this.#actors.of(pid, reader.lo(start), reader.hi(start), reader.timeNs(HDR.time));
    return target === undefined ? {} : { target };
  }

  /** A refresh of counters is no event, unless the socket is first heard of by it: polled, or in an imported file. */
  #isNews(reader: BatchReader): boolean {
    const end = endOf(this.#graph, reader);
    return end === NONE || this.#graph.connections.openedNs.get(end >> 1) === reader.timeNs(HDR.time);
  }
}

function certaintyOf(reader: BatchReader): Certainty {
  return (reader.flags & FLAG.POLLED) !== 0 ? "inferred" : "observed";
}

function lossFacts(reader: BatchReader): Facts {
  const of = reader.u32(LOSS.kind);
  return {
    kind: reader.kind === KIND.LOSS ? "lost" : "throttled",
    details: { records: reader.number(LOSS.lost), of: RECORD_NAMES.get(of) ?? String(of) },
  };
}

function exitFacts(reader: BatchReader): Required<MonitorEvent>["exit"] {
  const code = reader.u32(EXIT.code);
  const cpuNs = reader.number(EXIT.cpuNs);
  if (code === UNKNOWN_EXIT) return { cpuNs };
  const signal = code & 0x7f;
  return signal === 0 ? { status: (code >> 8) & 0xff, cpuNs } : { signal, cpuNs };
}

function connectError(reader: BatchReader): { error?: string } {
  const error = reader.kind === KIND.CONNECT ? reader.i32(SOCK.err) : 0;
  return error === 0 || error === EINPROGRESS ? {} : { error: errnoName(error) };
}

function credentials(reader: BatchReader): Record<string, string | number> {
  const details: Record<string, string | number> = {
    uid: reader.u32(CRED.uid),
    euid: reader.u32(CRED.euid),
    gid: reader.u32(CRED.gid),
    egid: reader.u32(CRED.egid),
    capabilities: `0x${u64(reader, CRED.caps).toString(16)}`,
    noticed: reader.u32(CRED.how) === 2 ? "later: no such call was seen" : "by the call",
  };
  const old = { oldUid: CRED.oldUid, oldEuid: CRED.oldEuid, oldGid: CRED.oldGid, oldEgid: CRED.oldEgid };
  for (const [name, offset] of Object.entries(old)) {
    const value = reader.u32(offset);
    if (value !== NOT_KNOWN) details[name] = value;
  }
  return details;
}

/** What was asked for, and the addresses it has. */
function answer(reader: BatchReader): Record<string, string | number> {
  const parsed = parseDnsAnswer(reader.rawBytes(DNS.message));
  const socket = String(u64(reader, DNS.sock));
  if (parsed === undefined) return { socket, bytes: reader.u32(DNS.size) };
  return { socket, name: parsed.name, addresses: parsed.addresses.map((bytes) => formatAddress(bytes)).join(" ") };
}

function u64(reader: BatchReader, offset: number): bigint {
  return (BigInt(reader.hi(offset)) << 32n) | BigInt(reader.lo(offset));
}
