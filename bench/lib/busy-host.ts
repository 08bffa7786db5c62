import { BatchWriter } from "../../src/core/wire/encode.ts";
import { KIND, OPEN_FLAG } from "../../src/core/wire/layout.gen.ts";
import { dice } from "./dice.ts";

const BASE_NS = 5_000_000_000_000;
const BATCH_ROWS = 4096;
const WORKERS = 300;
const SHARED_FILES = 400;
const FIRST_FILE = 100_000;
const TICK_ROWS = 6_000;

export interface Process {
  readonly pid: number;
  readonly startNs: number;
}

export interface Load {
  readonly batches: readonly Uint8Array[];
  readonly rows: number;
}

/**
 * What a busy server tells, without end: workers that accept, read some of a great many files, note it in their log and answer; jobs that
 * are forked and executed, load libraries, read and write a few files, sometimes connect, and exit; a backup that reads everything once;
 * counters every so often. The same in every run.
 */
export class BusyHost {
  readonly #writer = new BatchWriter();
  readonly #roll = dice();
  readonly #workers: Process[] = [];
  readonly #files: number;
  readonly #init: Process = { pid: 1, startNs: 1_000_000 };
  #batches: Uint8Array[] = [];
  #rows = 0;
  #now = BASE_NS;
  #pids = 1000;
  /** Numbers that are given once: of sockets and of files that are made. */
  #next = 50_000_000;
  #tickedAt = 0;

  /** files: how many there are to be read. */
  constructor(files: number) {
    this.#files = files;
    for (let i = 0; i < WORKERS; i++) this.#workers.push(this.#start("/usr/sbin/server", 11, String(i)));
  }

  /** The next rows, about as many. */
  load(rows: number): Load {
    while (this.#rows < rows) {
      if (this.#roll(10) < 2) this.#job();
      else this.#request();
      if (this.#rows + this.#writer.rows - this.#tickedAt > TICK_ROWS) this.#tick();
      this.#flush(BATCH_ROWS);
    }
    return this.#take();
  }

  /** A process that opens every file. */
  backup(): Load {
    const reader = this.#start("/usr/bin/backup", 12, "all");
    for (let file = 0; file < this.#files; file++) {
      this.#open(reader, file, OPEN_FLAG.READ);
      this.#flush(BATCH_ROWS);
    }
    this.#writer.exit({ ...this.#head(reader), code: 0 });
    return this.#take();
  }

  #take(): Load {
    this.#flush(1);
    const load = { batches: this.#batches, rows: this.#rows };
    this.#batches = [];
    this.#rows = this.#tickedAt = 0;
    return load;
  }

  #flush(least: number): void {
    if (this.#writer.rows < least) return;
    this.#rows += this.#writer.rows;
    this.#batches.push(this.#writer.finish(this.#now, BigInt(this.#now)));
  }

  #head({ pid, startNs }: Process) {
    return { pid, startNs, timeNs: (this.#now += 500) };
  }

  #start(exe: string, exeIno: number, argument: string): Process {
    this.#pids = this.#pids >= 4_000_000 ? 1000 : this.#pids + 1;
    const child: Process = { pid: this.#pids, startNs: (this.#now += 20_000) };
    const parent = { parentPid: 1, parentStartNs: this.#init.startNs };
    this.#writer.fork({ ...this.#head(this.#init), childPid: child.pid, childStartNs: child.startNs });
    this.#writer.image({ ...this.#head(child), exe, argv: [exe, argument], cwd: "/srv", exeDev: 1, exeIno, ...parent });
    return child;
  }

  /** Of the files that are read, a few are read by everybody, the others seldom. */
  #anyFile(): number {
    return this.#roll(10) < 6 ? this.#roll(2000) : this.#roll(this.#files);
  }

  #open(by: Process, file: number, open: number): void {
    const path = `/srv/data/${file >> 8}/file${file}`;
    this.#writer.open({ ...this.#head(by), path, dev: 1, ino: FIRST_FILE + file, open });
  }

  #read(by: Process, file: number): void {
    this.#open(by, file, OPEN_FLAG.READ);
    const ino = FIRST_FILE + file;
    this.#writer.use(KIND.READ, {
      ...this.#head(by),
      path: `/srv/data/${file >> 8}/file${file}`,
      dev: 1,
      ino,
      bytes: 100,
    });
    this.#writer.bytes({ ...this.#head(by), dev: 1, ino, bytes: 9000, write: false });
  }

  #request(): void {
    const worker = this.#workers[this.#roll(WORKERS)] as Process;
    const sock = {
      sock: this.#next++,
      local: "10.0.0.4",
      localPort: 80,
      remote: `203.0.${this.#roll(250)}.${this.#roll(250)}`,
      remotePort: 1024 + this.#roll(60_000),
    };
    this.#writer.sock(KIND.ACCEPT, { ...this.#head(worker), ...sock });
    this.#read(worker, this.#anyFile());
    this.#read(worker, this.#anyFile());
    const log = { path: `/var/log/server/${worker.pid}`, dev: 2, ino: worker.pid };
    this.#writer.use(KIND.WRITE, { ...this.#head(worker), ...log, bytes: 100 });
    this.#writer.sock(KIND.CLOSE, { ...this.#head(worker), ...sock, tx: 500, rx: 9000 });
  }

  #job(): void {
    const tool = this.#roll(50);
    const job = this.#start(`/usr/bin/tool${tool}`, 20 + tool, String(this.#next));
    for (let i = 0; i < 10; i++) {
      const library = this.#roll(SHARED_FILES);
      const path = `/usr/lib/lib${library}.so`;
      this.#writer.open({ ...this.#head(job), path, dev: 3, ino: 100 + library, open: OPEN_FLAG.READ });
      if (i % 2 === 0)
        this.#writer.use(KIND.READ, { ...this.#head(job), path, dev: 3, ino: 100 + library, bytes: 832 });
    }
    this.#read(job, this.#anyFile());
    const made = { path: `/tmp/job/out${this.#next}`, dev: 4, ino: this.#next++ };
    this.#writer.open({ ...this.#head(job), ...made, open: OPEN_FLAG.WRITE | OPEN_FLAG.CREATED });
    this.#writer.use(KIND.WRITE, { ...this.#head(job), ...made, bytes: 4096 });
    if (tool % 3 === 0) {
      const sock = { sock: this.#next++, local: "10.0.0.4", localPort: 30_000 + (this.#next % 30_000) };
      const server = { remote: "198.51.100.7", remotePort: 443 };
      this.#writer.sock(KIND.CONNECT, { ...this.#head(job), ...sock, ...server });
      this.#writer.sock(KIND.CLOSE, { ...this.#head(job), ...sock, ...server, tx: 500, rx: 9000 });
    }
    this.#writer.exit({ ...this.#head(job), code: 0 });
  }

  #tick(): void {
    this.#tickedAt = this.#rows + this.#writer.rows;
    for (const worker of this.#workers)
      this.#writer.tick({ ...this.#head(worker), cpuNs: this.#now - BASE_NS, rssBytes: 20_000_000 });
  }
}
