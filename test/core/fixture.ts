import { Monitor, type MonitorOptions } from "../../src/core/monitor.ts";
import type { ConnectionId, FileId, ProcessId, TreeOptions } from "../../src/core/query/model.ts";
import { tree } from "../../src/core/query/tree.ts";
import { BatchWriter } from "../../src/core/wire/encode.ts";
import type { FileFields, RowHead, StdioTarget } from "../../src/core/wire/fields.ts";
import { FLAG, KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { attaches, DEEDS, dnsMessage, injects, passes, signals } from "./fixture-calls.ts";

/** Boot was long ago; capture begins here. */
export const BASE_NS = 5_000_000_000_000;
export const WALL_NS = 1_700_000_000_000_000_000n;
const STEP_NS = 100_000_000;

const S_IFIFO = 0o010000;
const S_IFSOCK = 0o140000;
const S_IFCHR = 0o020000;

/** One record that a story produces. */
export interface Event {
  readonly timeNs: number;
  readonly write: (writer: BatchWriter) => void;
}

interface Actor {
  readonly pid: number;
  readonly startNs: number;
  exe: string;
}

interface Socket {
  readonly ino: number;
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

/**
 * A story about processes in one line a step; each step takes 0.1 s. Names are executables of /usr/bin, a path is itself and is named by
 * its base name; "bash#2" is another bash. The first process of a line that is not known yet ran before capture began.
 *
 *     sshd > bash > curl          fork and exec      bash > sh(/tmp/.x -v)    with arguments
 *     bash => perl                exec in place      bash >> worker           fork without exec
 *     bash > curl | sh            both forked, piped
 *     curl -> 1.2.3.4:443         connect            curl -> nginx:8080       local: connect and accept
 *     sshd:22 <- 9.9.9.9:51022    accept             nginx listens :80
 *     bash appends /tmp/.x        writes without making it         bash opens /tmp/.x          for writing, and does not
 *     curl writes /tmp/.x         cat reads /etc/shadow      bash chmods /tmp/.x
 *     client ~> server            unix connect and accept
 *     bash > sh @ 9.9.9.9:51022   stdio is that socket
 *     curl resolves cdn.x = 198.51.100.7             gdb injects app          gdb attaches app
 *     bash kills app 9            nginx passes 9.9.9.9:51022 to worker
 *     java maps code              one of DEEDS (fixture-calls.ts)
 *     app dies 9                  of a signal
 *     curl exits 1                curl closes 1.2.3.4:443    +5s
 */
export class Story {
  readonly events: Event[] = [];
  readonly #actors = new Map<string, Actor>();
  readonly #sockets = new Map<string, Socket>();
  readonly #files = new Map<string, number>();
  #nowNs = BASE_NS + STEP_NS;
  #nextPid = 100;
  #nextIno = 1000;

  constructor(text: string) {
    this.tell(text);
  }

  /** Goes on with the story. */
  tell(text: string): void {
    for (const step of text.split(/[;\n]/)) {
      if (step.trim() === "") continue;
      this.#step(step.trim());
      this.#nowNs += STEP_NS;
    }
  }

  get nowNs(): number {
    return this.#nowNs;
  }

  actor(name: string): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`nobody is called ${name}`);
    return actor;
  }

  /** Own pid, start and the time of the step being told. */
  head(name: string): RowHead {
    const actor = this.actor(name);
    return { timeNs: this.#nowNs, pid: actor.pid, startNs: actor.startNs };
  }

  inode(path: string): number {
    let ino = this.#files.get(path);
    if (ino === undefined) this.#files.set(path, (ino = this.#nextIno++));
    return ino;
  }

  emit(write: (writer: BatchWriter) => void): void {
    this.events.push({ timeNs: this.#nowNs, write });
  }

  #step(step: string): void {
    let match: RegExpExecArray | null;
    if ((match = /^\+([\d.]+)s$/.exec(step))) this.#nowNs += Number(match[1]) * 1e9;
    else if ((match = /^(\S+) exits ?(\d+)?$/.exec(step))) this.#exit(match[1] as string, Number(match[2] ?? 0) << 8);
    else if ((match = /^(\S+) dies (\d+)$/.exec(step))) this.#exit(match[1] as string, Number(match[2]));
    else if ((match = /^(\S+) (writes|appends|opens|reads|chmods) (\S+)$/.exec(step)))
      this.#file(match[1] as string, match[2] as string, match[3] as string);
    else if ((match = /^(\S+) listens :(\d+)$/.exec(step))) this.#listen(match[1] as string, Number(match[2]));
    else if ((match = /^(\S+) (injects|attaches) (\S+)$/.exec(step)))
      this.#reach(match[1] as string, match[2] === "injects" ? injects : attaches, match[3] as string);
    else if ((match = /^(\S+) kills (\S+) (\d+)$/.exec(step)))
      this.#signal(match[1] as string, match[2] as string, Number(match[3]));
    else if ((match = /^(\S+) resolves (\S+) = (\S+)$/.exec(step)))
      this.#resolve(match[1] as string, match[2] as string, match[3] as string);
    else if ((match = /^(\S+) passes (\S+) to (\S+)$/.exec(step)))
      this.#pass(match[1] as string, match[2] as string, match[3] as string);
    else if ((match = /^(\S+) (.+)$/.exec(step)) && (match[2] as string) in DEEDS)
      this.#deed(match[1] as string, match[2] as string);
    else if ((match = /^(\S+) closes (\S+)$/.exec(step))) this.#close(match[1] as string, match[2] as string);
    else if ((match = /^(\S+):(\d+) <- ([\d.]+):(\d+)$/.exec(step))) {
      this.#accept(match[1] as string, Number(match[2]), match[3] as string, Number(match[4]));
    } else if ((match = /^(\S+) -> (\S+):(\d+)$/.exec(step)))
      this.#connect(match[1] as string, match[2] as string, Number(match[3]));
    else if ((match = /^(\S+) ~> (\S+)$/.exec(step))) this.#unix(match[1] as string, match[2] as string);
    else this.#processes(step);
  }

  #reach(name: string, how: typeof injects, target: string): void {
    this.#known(name);
    this.#known(target);
    const head = this.head(name);
    const { pid } = this.actor(target);
    this.emit((writer) => how(writer, head, pid));
  }

  #signal(name: string, target: string, signal: number): void {
    this.#known(name);
    this.#known(target);
    const [head, other] = [this.head(name), this.head(target)];
    this.emit((writer) => signals(writer, head, other, signal));
  }

  #resolve(name: string, question: string, address: string): void {
    this.#known(name);
    const head = this.head(name);
    const message = dnsMessage({ question, records: [[question, address]] });
    this.emit((writer) => writer.dns({ ...head, message }));
  }

  #pass(sender: string, label: string, receiver: string): void {
    this.#known(receiver);
    const socket = this.#sockets.get(label);
    if (socket === undefined) throw new Error(`no connection ${label}`);
    const over = this.#nextIno++;
    const from = this.head(sender);
    this.emit((writer) => passes(writer, from, true, over, socket.ino));
    this.#nowNs += 1_000_000;
    const to = this.head(receiver);
    this.emit((writer) => passes(writer, to, false, over + 1, socket.ino));
    this.#nextIno++;
  }

  #deed(name: string, deed: string): void {
    this.#known(name);
    const head = this.head(name);
    this.emit((writer) => DEEDS[deed]?.(writer, head));
  }

  #processes(step: string): void {
    const [chain, socket] = step.split(" @ ");
    const stages = (chain as string).split(/ (=>|>>|>) /);
    this.#known(stages[0] as string);
    let above = stages[0] as string;
    for (let i = 1; i < stages.length; i += 2) {
      const last = i + 2 >= stages.length;
      const stdio = last && socket !== undefined ? this.#socketStdio(socket) : undefined;
      const names = (stages[i + 1] as string).split(" | ");
      if (stages[i] === "=>") this.#nowNs += 1_000_000;
      if (stages[i] === "=>") this.#exec(above, names[0] as string, above, stdio);
      else if (names.length === 1) above = this.#spawn(above, names[0] as string, stages[i] === ">", stdio);
      else this.#pipeline(above, names);
    }
  }

  #pipeline(shell: string, names: readonly string[]): void {
    const pipes = names.slice(1).map(() => this.#nextIno++);
    const both = OPEN_FLAG.READ | OPEN_FLAG.WRITE;
    for (const ino of pipes) {
      const head = this.head(shell);
      this.emit((writer) => writer.pipe({ ...head, ino, open: both }));
    }
    for (let i = 0; i < names.length; i++) {
      const before = pipes[i - 1];
      const after = pipes[i];
      const stdin = before === undefined ? TERMINAL : { mode: S_IFIFO, ino: before };
      const stdout = after === undefined ? TERMINAL : { mode: S_IFIFO, ino: after };
      this.#spawn(shell, names[i] as string, true, [stdin, stdout, TERMINAL]);
    }
  }

  #known(name: string): void {
    if (this.#actors.has(name)) return;
    const actor: Actor = { pid: this.#nextPid++, startNs: BASE_NS - 60e9 + this.#nextPid * 1e6, exe: exeOf(name) };
    this.#actors.set(name, actor);
    const { exe } = actor;
    const ino = this.inode(exe);
    this.emit((writer) =>
      writer.image(
        {
          timeNs: BASE_NS,
          pid: actor.pid,
          startNs: actor.startNs,
          flags: FLAG.BEFORE_START,
          exe,
          argv: [labelOf(name)],
          comm: labelOf(name),
          cwd: "/",
          parentPid: 1,
          parentStartNs: 1_000_000,
          exeDev: 1,
          exeIno: ino,
        },
        KIND.PROCESS,
      ),
    );
  }

  /** Returns the name of the child. */
  #spawn(parent: string, spec: string, executes: boolean, stdio?: readonly StdioTarget[]): string {
    const name = spec.replace(/\(.*\)$/, "").trim();
    const label = name.startsWith("/") ? baseOf(name) : name;
    const child: Actor = { pid: this.#nextPid++, startNs: this.#nowNs, exe: this.actor(parent).exe };
    const head = this.head(parent);
    this.#actors.set(label, child);
    this.emit((writer) => writer.fork({ ...head, childPid: child.pid, childStartNs: child.startNs }));
    this.#nowNs += 1_000_000;
    if (executes) this.#exec(label, spec, parent, stdio);
    return label;
  }

  #exec(name: string, spec: string, parent: string, stdio?: readonly StdioTarget[]): void {
    const args = /\((.*)\)$/.exec(spec)?.[1];
    const program = spec.replace(/\(.*\)$/, "").trim();
    const exe = exeOf(program);
    const actor = this.actor(name);
    actor.exe = exe;
    const forker = this.actor(parent);
    const head = this.head(name);
    const ino = this.inode(exe);
    const fields = {
      ...head,
      exe,
      argv: [program.startsWith("/") ? program : labelOf(program), ...(args === undefined ? [] : args.split(" "))],
      comm: baseOf(exe).slice(0, 15),
      cwd: "/home/u",
      exeDev: 1,
      exeIno: ino,
      uid: 1000,
      stdio: stdio ?? [TERMINAL, TERMINAL, TERMINAL],
      ...(parent === name ? {} : { parentPid: forker.pid, parentStartNs: forker.startNs }),
    };
    this.emit((writer) => writer.image(fields));
  }

  #exit(name: string, code: number): void {
    const head = this.head(name);
    this.emit((writer) => writer.exit({ ...head, code }));
  }

  #file(name: string, verb: string, path: string): void {
    this.#known(name);
    const write = OPEN_FLAG.WRITE | OPEN_FLAG.CREATED;
    const fields: FileFields = {
      ...this.head(name),
      path,
      dev: 1,
      ino: this.inode(path),
      open: verb === "writes" ? write : verb === "reads" ? OPEN_FLAG.READ : OPEN_FLAG.WRITE,
    };
    const { dev, ino } = fields;
    const head = this.head(name);
    if (verb === "chmods") this.emit((writer) => writer.chmod({ ...fields, open: 0, mode: 0o100755 }));
    else this.emit((writer) => writer.open(fields));
    if (verb === "appends") this.emit((writer) => writer.use(KIND.WRITE, { ...head, path, dev, ino, bytes: 9 }));
  }

  #listen(name: string, port: number): void {
    this.#known(name);
    const fields = { ...this.head(name), sock: this.#nextIno++, local: "0.0.0.0", localPort: port };
    this.emit((writer) => writer.sock(KIND.LISTEN, fields));
  }

  #accept(name: string, port: number, remote: string, remotePort: number): void {
    this.#known(name);
    const socket = { ino: this.#nextIno++, local: "10.0.0.4", localPort: port, remote, remotePort };
    this.#sockets.set(`${remote}:${remotePort}`, socket);
    const head = this.head(name);
    this.emit((writer) => writer.sock(KIND.ACCEPT, { ...head, ...socket, sock: socket.ino }));
  }

  #connect(name: string, to: string, port: number): void {
    this.#known(name);
    const local = /^[\d.]+$/.test(to) ? "10.0.0.4" : "127.0.0.1";
    const remote = local === "127.0.0.1" ? "127.0.0.1" : to;
    const socket = { ino: this.#nextIno++, local, localPort: 40000 + this.#nextIno, remote, remotePort: port };
    this.#sockets.set(`${to}:${port}`, socket);
    const head = this.head(name);
    this.emit((writer) => writer.sock(KIND.CONNECT, { ...head, ...socket, sock: socket.ino }));
    if (remote !== "127.0.0.1") return;
    this.#nowNs += 1_000_000;
    this.#known(to);
    const server = {
      ...this.head(to),
      sock: this.#nextIno++,
      local: remote,
      localPort: port,
      remote: local,
      remotePort: socket.localPort,
    };
    this.emit((writer) => writer.sock(KIND.ACCEPT, server));
  }

  #close(name: string, label: string): void {
    const socket = this.#sockets.get(label);
    if (socket === undefined) throw new Error(`no connection ${label}`);
    const head = this.head(name);
    this.emit((writer) => writer.sock(KIND.CLOSE, { ...head, ...socket, sock: socket.ino }));
  }

  #unix(client: string, server: string): void {
    this.#known(client);
    this.#known(server);
    const end = this.#nextIno++;
    const peer = this.#nextIno++;
    const path = `/run/${server}.sock`;
    const connect = { ...this.head(client), path, end, peer, sock: this.#nextIno++, peerPid: this.actor(server).pid };
    this.emit((writer) => writer.unix(KIND.UNIX_CONNECT, connect));
    this.#nowNs += 1_000_000;
    const accept = {
      ...this.head(server),
      path,
      end: peer,
      peer: end,
      sock: this.#nextIno++,
      peerPid: this.actor(client).pid,
    };
    this.emit((writer) => writer.unix(KIND.UNIX_ACCEPT, accept));
  }

  #socketStdio(label: string): readonly StdioTarget[] {
    const socket = this.#sockets.get(label);
    if (socket === undefined) throw new Error(`no connection ${label}`);
    const target = { mode: S_IFSOCK, ino: socket.ino };
    return [target, target, target];
  }
}

const TERMINAL: StdioTarget = { mode: S_IFCHR, ino: 5 };

function exeOf(name: string): string {
  return name.startsWith("/") ? name : `/usr/bin/${labelOf(name)}`;
}

function labelOf(name: string): string {
  return name.replace(/#.*$/, "");
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A batch of events in the order given, closed at timeNs. */
export function batchOf(writer: BatchWriter, events: readonly Event[], timeNs: number): Uint8Array {
  for (const event of events) event.write(writer);
  return writer.finish(timeNs, WALL_NS + BigInt(timeNs - BASE_NS));
}

export interface Told {
  readonly monitor: Monitor;
  readonly story: Story;
  /** The process called by a name in the story. */
  process(name: string): ProcessId;
  /** The connection with an endpoint "1.2.3.4:443" at either side, or of a unix path. */
  connection(endpoint: string): ConnectionId;
  file(path: string): FileId;
  /** Goes on with the story and takes in what it and the test added. */
  go(text: string): void;
}

/** A monitor that has taken in a story, one batch a step. */
export function graphFromText(text: string, options?: MonitorOptions): Told {
  const story = new Story(text);
  const monitor = new Monitor(options);
  const writer = new BatchWriter();
  monitor.ingest(batchOf(writer, [], BASE_NS));
  let told = 0;
  const takeIn = (): void => {
    for (; told < story.events.length; told++) {
      const event = story.events[told] as Event;
      monitor.ingest(batchOf(writer, [event], event.timeNs));
    }
  };
  takeIn();
  const { graph } = monitor;
  const find = (name: string): ProcessId => {
    const actor = story.actor(name);
    const row = graph.processes
      .withTgid(actor.pid)
      .find((process) => graph.processes.startNs.get(process) === actor.startNs - BASE_NS);
    if (row === undefined) throw new Error(`${name} is not in the graph`);
    return graph.processes.id(row);
  };
  return {
    monitor,
    story,
    process: find,
    connection(endpoint) {
      const { connections } = graph;
      for (let row = 0; row < connections.limit; row++) {
        if (!connections.isLive(row)) continue;
        const ends = [connections.endpoint(2 * row), connections.endpoint(2 * row + 1), connections.path.get(row)];
        if (ends.includes(endpoint)) return connections.id(row);
      }
      throw new Error(`no connection ${endpoint}`);
    },
    file(path) {
      const { files } = graph;
      for (let row = 0; row < files.limit; row++)
        if (files.isLive(row) && files.path.get(row) === path) return files.id(row);
      throw new Error(`no file ${path}`);
    },
    go(more) {
      story.tell(more);
      takeIn();
    },
  };
}

/** Takes in one batch of hand-made rows; timeNs since BASE_NS. */
export function feed(monitor: Monitor, writer: BatchWriter, timeNs: number, rows: (writer: BatchWriter) => void): void {
  rows(writer);
  monitor.ingest(writer.finish(BASE_NS + timeNs, WALL_NS + BigInt(timeNs)));
}

/** Head of a row of a hand-made process: its start is pid ms after capture began, unless given. */
export function by(pid: number, timeNs: number, startNs = pid * 1e6): RowHead {
  return { pid, startNs: BASE_NS + startNs, timeNs: BASE_NS + timeNs };
}

/** A monitor whose clock begins at BASE_NS, and the writer of its batches. */
export function emptyMonitor(options?: MonitorOptions): { monitor: Monitor; writer: BatchWriter } {
  const monitor = new Monitor(options);
  const writer = new BatchWriter();
  feed(monitor, writer, 0, () => {});
  return { monitor, writer };
}

export const TREE: TreeOptions = {
  layout: "tree",
  sort: "pid",
  descending: false,
  collapsed: new Set(),
  showKernelThreads: false,
  lingerNs: 10e9,
  nowNs: 0,
};

/** The tree drawn as text: two blanks a level, then the command. */
export function draw(monitor: Monitor, options: Partial<TreeOptions> = {}): string {
  const { rows } = tree(monitor, { ...TREE, nowNs: monitor.nowNs, ...options });
  return rows.map((row) => `${"  ".repeat(row.depth)}${row.command}${row.exit === undefined ? "" : " +"}`).join("\n");
}
