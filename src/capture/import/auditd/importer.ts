import { parseAddress } from "../../../core/text/address.ts";
import { KIND } from "../../../core/wire/layout.gen.ts";
import type { Importer } from "../format.ts";
import type { Line } from "../line-reader.ts";
import type { Output } from "../output.ts";
import { MalformedLine } from "../problems.ts";
import { Reorder } from "../reorder.ts";
import { Assembler } from "./assembler.ts";
import type { AuditEvent } from "./event.ts";
import { CREAT_FLAGS, modeChanged, nameChanged, opened } from "./files.ts";
import { type AuditProcess, ProcessTable } from "./processes.ts";
import { type AuditRecord, hexField, isSeparator, loginField, numberField, parseRecord, rawField } from "./record.ts";
import { SocketTable } from "./sockets.ts";
import { type Call, callOf } from "./syscalls.ts";

const SLACK_NS = 3e9;
/** Row times count from this long before the first record: a late one is earlier. */
const LEAD_MS = 3_600_000;
/** Serial numbers order the events of a millisecond. */
const SERIALS = 1_000_000;
const CLONE_THREAD = 0x10000;
const UNKNOWN_EXIT = 0xffffffff;
const NAMES = [
  [" auid=", " AUID="],
  [" uid=", " UID="],
  [" euid=", " EUID="],
] as const;
/** Rows written between two looks at the clock. */
const STEP = 64;

export class AuditdImporter implements Importer {
  readonly #output: Output;
  readonly #assembler: Assembler;
  readonly #events = new Reorder<AuditEvent>(SLACK_NS);
  readonly #processes: ProcessTable;
  readonly #sockets: SocketTable;
  #node: string | undefined;
  #bootMs = Number.NaN;

  constructor(output: Output) {
    this.#output = output;
    this.#processes = new ProcessTable(output.writer);
    this.#sockets = new SocketTable(output.writer);
    this.#assembler = new Assembler((event) => this.#events.push(this.#timeNs(event), event));
  }

  get due(): boolean {
    return this.#events.due;
  }

  line({ text }: Line): void {
    if (isSeparator(text)) return;
    const record = parseRecord(text);
    this.#node ??= this.#output.host = record.node;
    if (record.node !== this.#node) {
      this.#output.problems.ignore("records of another machine");
      return;
    }
    if (record.type === "SYSCALL" && !namesCall(record))
      throw new MalformedLine("a system call without its pid or number");
    if (Number.isNaN(this.#bootMs)) this.#bootMs = record.timeMs - LEAD_MS;
    if (record.names !== "") this.#nameUsers(record);
    this.#assembler.add(record);
  }

  *rows(atEnd: boolean): Generator<void> {
    if (atEnd) this.#assembler.finishAll();
    const output = this.#output;
    const events = this.#events.take(atEnd);
    const [first] = events;
    if (first === undefined) return;
    if (!output.begun) output.begin(BigInt(this.#bootMs) * 1_000_000n, this.#timeNs(first));
    let count = 0;
    for (const event of events) {
      const timeNs = this.#timeNs(event);
      output.at(timeNs);
      this.#write(event, timeNs);
      if (++count % STEP === 0 || output.full) yield;
    }
  }

  #timeNs(event: AuditEvent): number {
    return Math.max(1, (event.timeMs - this.#bootMs) * 1e6 + (event.serial % SERIALS));
  }

  #write(event: AuditEvent, timeNs: number): void {
    const { main, mainType } = event;
    switch (mainType) {
      case "SYSCALL":
        this.#writeCall(event, timeNs);
        return;
      case "USER_LOGIN":
        this.#writeLogin(main, timeNs);
        return;
      case "ANOM_ABEND": {
        const pid = numberField(main, " pid=");
        if (pid === undefined || pid <= 0) return;
        const process = this.#processes.named(pid, main, timeNs);
        this.#processes.exited(process, timeNs, (numberField(main, " sig=") ?? 0) & 0x7f);
        return;
      }
      case "SYSTEM_BOOT":
        for (const process of this.#processes.everyone()) this.#processes.exited(process, timeNs, UNKNOWN_EXIT);
        return;
      default:
        this.#output.problems.ignore(mainType === "" ? "records without their SYSCALL" : mainType);
    }
  }

  #writeCall(event: AuditEvent, timeNs: number): void {
    const { main } = event;
    const arch = rawField(main, " arch=") ?? "";
    const nr = numberField(main, " syscall=") ?? -1;
    const call = callOf(arch, nr);
    const success = rawField(main, " success=") === "yes";
    const executes = call === "execve" && success;
    const process = this.#processes.obtain(main, timeNs, executes);
    if (process === undefined) return;
    if (call === undefined) this.#output.problems.ignore(`system call ${nr} of architecture ${arch}`);
    // exit_group never returns: its record has no result.
    else if (call === "connect") this.#sockets.connects(process, event, timeNs);
    else if (success || call === "exit") this.#writeSuccess(call, process, event, timeNs);
  }

  #writeSuccess(call: Exclude<Call, "connect">, process: AuditProcess, event: AuditEvent, timeNs: number): void {
    const { writer } = this.#output;
    const { main } = event;
    switch (call) {
      case "execve":
        this.#processes.executed(process, event, timeNs);
        return;
      case "fork": {
        const child = numberField(main, " exit=") ?? 0;
        if (child > 0 && (hexField(main, " a0=") & CLONE_THREAD) === 0) this.#processes.forked(process, child, timeNs);
        return;
      }
      case "exit":
        this.#processes.exited(process, timeNs, (hexField(main, " a0=") & 0xff) << 8);
        return;
      case "socket":
        this.#sockets.created(process, event);
        return;
      case "bind":
        this.#sockets.bound(process, event);
        return;
      case "listen":
        this.#sockets.listens(process, event, timeNs);
        return;
      case "accept":
        this.#sockets.accepts(process, event, timeNs);
        return;
      case "send":
        this.#sockets.sends(process, event, timeNs);
        return;
      case "close":
        this.#sockets.closes(process, event, timeNs);
        return;
      case "open":
        opened(writer, process, event, timeNs, hexField(main, " a1="));
        return;
      case "openat":
        opened(writer, process, event, timeNs, hexField(main, " a2="));
        return;
      case "openat2":
        // Its flags are in memory.
        opened(writer, process, event, timeNs, 0);
        return;
      case "creat":
        opened(writer, process, event, timeNs, CREAT_FLAGS);
        return;
      case "chmod":
        modeChanged(writer, process, event, timeNs, " a1=");
        return;
      case "fchmodat":
        modeChanged(writer, process, event, timeNs, " a2=");
        return;
      case "rename":
        nameChanged(writer, KIND.RENAME, process, event, timeNs);
        return;
      case "unlink":
        nameChanged(writer, KIND.UNLINK, process, event, timeNs);
        return;
      case "link":
        nameChanged(writer, KIND.LINK, process, event, timeNs);
        return;
      default: {
        const unknown: never = call;
        throw new Error(`no rows for ${unknown}`);
      }
    }
  }

  #writeLogin(main: string, timeNs: number): void {
    const pid = numberField(main, " pid=");
    const remote = parseAddress(rawField(main, " addr=") ?? "");
    if (pid === undefined || pid <= 0 || remote === undefined) return;
    if (!(rawField(main, " res=") ?? "").startsWith("success")) return;
    this.#sockets.loggedIn(this.#processes.named(pid, main, timeNs), remote, timeNs);
  }

  #nameUsers({ text, names }: AuditRecord): void {
    for (const [id, name] of NAMES) {
      const uid = loginField(text, id);
      const user = rawField(names, name);
      if (uid !== undefined && user !== undefined && user !== "unset" && user !== "unknown")
        this.#output.users.set(uid, user);
    }
  }
}

/** What of a system call's record nothing can be made without. */
function namesCall({ text }: AuditRecord): boolean {
  return (numberField(text, " pid=") ?? 0) > 0 && numberField(text, " syscall=") !== undefined;
}
