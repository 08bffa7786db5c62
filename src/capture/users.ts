import { readFileSync, statSync } from "node:fs";

const PASSWD = "/etc/passwd";
/** How long a change of the file may go unnoticed. */
const CHECK_EVERY_MS = 5_000;

interface User {
  readonly name: string;
  readonly home: string;
}

/**
 * Names of user ids, from the passwd file alone: a directory service could block the screen for seconds.
 * An id the file does not know is shown as the number.
 */
export class UserNames {
  readonly #path: string;
  readonly #nowMs: () => number;
  #users: ReadonlyMap<number, User> = new Map();
  #version = "";
  #checkAtMs = 0;

  /** @param nowMs a clock that never goes back */
  constructor(path = PASSWD, nowMs: () => number = () => performance.now()) {
    this.#path = path;
    this.#nowMs = nowMs;
  }

  name(uid: number): string {
    return this.#current().get(uid)?.name ?? String(uid);
  }

  home(uid: number): string | undefined {
    return this.#current().get(uid)?.home;
  }

  #current(): ReadonlyMap<number, User> {
    const nowMs = this.#nowMs();
    if (nowMs < this.#checkAtMs) return this.#users;
    this.#checkAtMs = nowMs + CHECK_EVERY_MS;
    try {
      const stat = statSync(this.#path, { bigint: true });
      const version = `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
      if (version !== this.#version) {
        this.#users = parsePasswd(readFileSync(this.#path, "utf8"));
        this.#version = version;
      }
    } catch {
      // Unreadable for a moment (being replaced): the last good names stay.
    }
    return this.#users;
  }
}

/** The first entry of an id wins, as in getpwuid(3). */
function parsePasswd(content: string): ReadonlyMap<number, User> {
  const users = new Map<number, User>();
  for (const line of content.split("\n")) {
    const [name, , uid, , , home] = line.split(":");
    if (name === undefined || name === "" || uid === undefined || !/^\d+$/.test(uid)) continue;
    if (!users.has(Number(uid))) users.set(Number(uid), { name, home: home ?? "" });
  }
  return users;
}
