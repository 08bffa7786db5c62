import type { BatchWriter } from "../../../core/wire/encode.ts";
import type { ImageFields } from "../../../core/wire/fields.ts";
import { FLAG, IMAGE_CUT, KIND } from "../../../core/wire/layout.gen.ts";
import { type Agenda, RANK } from "./agenda.ts";
import type { CapturedProcess, Forest, ProcessImage } from "./forest.ts";
import type { Newest } from "./newest.ts";
import type { SessionRecord } from "./records.ts";

/** As wait(2) would report it, when the capture does not tell. */
const UNKNOWN_EXIT = 0xffffffff;

/** Rows of every process: as found when capture began, or forked, executed and exited since. */
export class ProcessRows {
  readonly #writer: BatchWriter;
  readonly #forest: Forest;
  readonly #sessions: Newest<SessionRecord>;
  readonly #startNs: number;
  readonly #missing: Set<string>;

  /**
   * @param startNs when capture began
   * @param missing takes the ids of sessions that are not in the capture
   */
  constructor(
    writer: BatchWriter,
    forest: Forest,
    sessions: Newest<SessionRecord>,
    startNs: number,
    missing: Set<string>,
  ) {
    this.#missing = missing;
    this.#writer = writer;
    this.#forest = forest;
    this.#sessions = sessions;
    this.#startNs = startNs;
  }

  enter(agenda: Agenda): void {
    for (const process of this.#forest.processes) {
      const session = this.#session(process);
      const [first, ...later] = process.images;
      if (first !== undefined) this.#begin(agenda, process, first, session);
      for (const image of later) {
        agenda.add(image.atNs, RANK.EXEC, (timeNs) =>
          this.#writer.image(this.#fields(process, image, session, timeNs)),
        );
      }
      if (process.endNs !== undefined) agenda.add(process.endNs, RANK.EXIT, (timeNs) => this.#exit(process, timeNs));
    }
  }

  #begin(agenda: Agenda, process: CapturedProcess, first: ProcessImage, session: SessionRecord | undefined): void {
    if (process.startNs <= this.#startNs) {
      agenda.add(process.startNs, RANK.PROCESS, (timeNs) => {
        const fields = this.#fields(process, first, session, timeNs);
        this.#writer.image({ ...fields, flags: FLAG.BEFORE_START }, KIND.PROCESS);
      });
      return;
    }
    const parent = this.#forest.parentOf(process);
    if (parent !== undefined) {
      agenda.add(process.startNs, RANK.FORK, (timeNs) =>
        this.#writer.fork({
          timeNs,
          pid: parent.pid,
          startNs: parent.startNs,
          childPid: process.pid,
          childStartNs: process.startNs,
        }),
      );
    }
    const inherited = parent?.images.findLast(({ atNs }) => atNs <= process.startNs);
    const executed = inherited?.exe !== first.exe || inherited.argv !== first.argv;
    agenda.add(process.startNs, RANK.EXEC, (timeNs) =>
      this.#writer.image(this.#fields(process, first, session, timeNs), executed ? KIND.EXEC : KIND.PROCESS),
    );
  }

  #exit(process: CapturedProcess, timeNs: number): void {
    const { exit } = process.record;
    const code = exit === undefined ? UNKNOWN_EXIT : (exit & 0xff) << 8;
    this.#writer.exit({ timeNs, pid: process.pid, startNs: process.startNs, code });
  }

  #session({ record }: CapturedProcess): SessionRecord | undefined {
    const session = this.#sessions.get(record.session);
    if (session === undefined && record.session !== "") this.#missing.add(record.session);
    return session;
  }

  #fields(
    process: CapturedProcess,
    image: ProcessImage,
    session: SessionRecord | undefined,
    timeNs: number,
  ): ImageFields {
    const { record, pid, startNs } = process;
    const parent = this.#forest.parentOf(process);
    const kernel = record.type === "kernel thread";
    const loginUid = record.loginUid ?? session?.loginUid;
    const sessionId = record.sid ?? session?.session;
    return {
      timeNs,
      pid,
      startNs,
      exe: image.exe,
      cwd: image.cwd,
      argv: image.argv,
      trunc: image.argvCut ? IMAGE_CUT.ARGV : 0,
      comm: kernel ? record.title || record.name : record.name,
      cgroupPath: cgroupOf(record.cgroup),
      parentPid: parent?.pid ?? record.ppid,
      parentStartNs: parent?.startNs ?? 0,
      uid: record.uid,
      gid: record.gid,
      image: image.flags,
      // The session of a machine's services is all of them: it has no leader.
      sid: session?.interactive ? session.pid : 0,
      ...(loginUid === undefined ? {} : { loginUid }),
      ...(sessionId === undefined ? {} : { sessionId }),
    };
  }
}

/** "systemd:/system.slice/docker.service": hierarchy and path. */
function cgroupOf(text: string): string {
  return text.slice(text.indexOf("/") < 0 ? text.length : text.indexOf("/"));
}
