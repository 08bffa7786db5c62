import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { installed, searchPath } from "./path.ts";
import { cpuNsOf, pidOf } from "./proc.ts";
import { besides, type Tracer } from "./tracers.ts";
import { workFolder } from "./workload.ts";

const env = { ...process.env, PATH: searchPath };

async function until(what: string, holds: () => boolean, timeoutMs = 20_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; !holds(); await sleep(20))
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
}

const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.kill("SIGTERM");
  await ended;
}

/** bpftrace with bench/events.bt, writing to a file. */
export class Bpftrace implements Tracer {
  readonly name = "bpftrace";
  #child: ChildProcess | undefined;
  #from = 0;
  readonly #log = join(workFolder(), "bpftrace.log");

  /** Why it cannot take part; undefined = it can. */
  static missing(): string | undefined {
    if (!installed("bpftrace")) return "bpftrace is not installed (apt-get install bpftrace)";
    if (!existsSync("/sys/kernel/tracing/available_events"))
      return "bpftrace needs tracefs (mount -t tracefs tracefs /sys/kernel/tracing)";
    return undefined;
  }

  async start(): Promise<void> {
    rmSync(this.#log, { force: true });
    const script = join(import.meta.dirname, "..", "events.bt");
    const child = spawn(...besides("bpftrace", ["-o", this.#log, script]), {
      stdio: "ignore",
      env: { ...env, BPFTRACE_PERF_RB_PAGES: "4096" }, // as much room as our ring: 16 MiB a core
    });
    this.#child = child;
    // Its first lines are events of this very wait.
    await until("bpftrace attached", () => read(this.#log).split("\n").length > 3 || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`bpftrace ended with ${child.exitCode}`);
    this.#from = cpuNsOf(child.pid as number);
  }

  async stop() {
    const child = this.#child as ChildProcess;
    const cpuNs = cpuNsOf(child.pid as number) - this.#from;
    await end(child);
    let lost = 0;
    for (const [, n] of read(this.#log).matchAll(/^Lost (\d+) events/gm)) lost += Number(n);
    return { cpuNs, lost };
  }

  async close(): Promise<void> {
    if (this.#child) await end(this.#child);
  }
}

const CONFIG = (folder: string) => `local_events = yes
write_logs = yes
log_file = ${folder}/audit.log
log_format = RAW
log_group = root
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 4096
num_logs = 2
max_log_file_action = ROTATE
space_left = 2
space_left_action = IGNORE
admin_space_left = 1
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
q_depth = 2000
overflow_action = IGNORE
plugin_dir = ${folder}/plugins.d
`;

const RULES = [
  "-S open,openat,openat2,creat,open_by_handle_at",
  "-S execve,execveat",
  "-S fork,vfork,clone,clone3,exit_group",
  "-S connect,accept,accept4",
];

const auditctl = (...args: string[]) =>
  execFileSync("auditctl", args, { env, stdio: ["ignore", "pipe", "pipe"] }).toString();

/**
 * auditd with rules for the same calls, its own configuration and log. Once audit was on, every new task carries a context
 * that costs on each system call, even with audit off again: only the rule never,task spares them, so it stays behind.
 */
export class Auditd implements Tracer {
  readonly name = "auditd";
  readonly #folder = join(workFolder(), "audit");
  #child: ChildProcess | undefined;
  #kauditd = 0;
  #from = 0;
  #lostBefore = 0;

  static missing(): string | undefined {
    if (!installed("auditd") || !installed("auditctl")) return "auditd is not installed (apt-get install auditd)";
    try {
      const status = auditctl("-s");
      if (!/^pid 0$/m.test(status) || /^enabled [12]$/m.test(status))
        return "audit is in use on this machine and is left alone";
      const rules = auditctl("-l").trim();
      if (rules !== "No rules" && rules !== "-a never,task") return "audit has rules on this machine and is left alone";
    } catch (error) {
      return `audit cannot be controlled here: ${(error as Error).message.split("\n")[0]}`;
    }
    return undefined;
  }

  constructor() {
    mkdirSync(join(this.#folder, "plugins.d"), { recursive: true, mode: 0o750 });
    writeFileSync(join(this.#folder, "auditd.conf"), CONFIG(this.#folder));
    chmodSync(join(this.#folder, "auditd.conf"), 0o640);
    process.on("exit", () => {
      this.#child?.kill("SIGTERM");
      this.#quiet();
    });
    this.#quiet();
  }

  #quiet(): void {
    auditctl("-e", "0");
    auditctl("-D");
    auditctl("-a", "never,task");
  }

  async start(): Promise<void> {
    rmSync(join(this.#folder, "audit.log"), { force: true });
    const child = spawn(...besides("auditd", ["-n", "-c", this.#folder, "-s", "nochange"]), { stdio: "ignore", env });
    this.#child = child;
    await until(
      "auditd is known to the kernel",
      () => auditctl("-s").includes(`\npid ${child.pid}\n`) || child.exitCode !== null,
    );
    if (child.exitCode !== null) throw new Error(`auditd ended with ${child.exitCode}`);
    auditctl("-D");
    auditctl("-b", "8192", "--backlog_wait_time", "60000");
    for (const rule of RULES) auditctl("-a", "always,exit", "-F", "arch=b64", ...rule.split(" "), "-k", "bench");
    auditctl("-e", "1");
    this.#kauditd = pidOf("kauditd") ?? 0;
    this.#from = this.#cpuNs();
    this.#lostBefore = this.#lost();
  }

  #cpuNs(): number {
    return cpuNsOf(this.#child?.pid as number) + (this.#kauditd > 0 ? cpuNsOf(this.#kauditd) : 0);
  }

  #lost(): number {
    return Number(/^lost (\d+)$/m.exec(auditctl("-s"))?.[1] ?? 0);
  }

  async stop() {
    await until("the backlog is written", () => /^backlog 0$/m.test(auditctl("-s")), 60_000);
    const cpuNs = this.#cpuNs() - this.#from;
    const lost = this.#lost() - this.#lostBefore;
    this.#quiet();
    await end(this.#child as ChildProcess);
    return { cpuNs, lost };
  }

  async close(): Promise<void> {
    this.#quiet();
    if (this.#child) await end(this.#child);
  }
}
