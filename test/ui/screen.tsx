import { EventEmitter } from "node:events";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import xterm from "@xterm/headless";
import type { Instance } from "ink";
import type { TimeTravel } from "../../src/cli/time-travel.ts";
import type { Monitor } from "../../src/core/monitor.ts";
import type { Env } from "../../src/ui/components/env.ts";
import { monitorQueries } from "../../src/ui/monitor-queries.ts";
import type { CaptureTotals, CgroupName, HostSample, Names } from "../../src/ui/ports.ts";
import { renderApp } from "../../src/ui/render/render-app.tsx";
import { SearchIndex } from "../../src/ui/search/search-index.ts";
import { runEffect } from "../../src/ui/state/effects.ts";
import { Store } from "../../src/ui/state/store.ts";
import { InputParser } from "../../src/ui/terminal/input-parser.ts";
import { type Extent, ScreenStream } from "../../src/ui/terminal/screen-stream.ts";
import { createTheme, type ThemeOptions } from "../../src/ui/theme/theme.ts";

const HOST: HostSample = {
  cpuPercent: 31,
  memoryUsedBytes: 9.1 * 1024 ** 3,
  memoryTotalBytes: 31 * 1024 ** 3,
  rxBytesPerSecond: 2.1 * 1024 ** 2,
  txBytesPerSecond: 410 * 1024,
  selfCpuPercent: 0.9,
  selfRssBytes: 90 * 1024 ** 2,
};

const USERS: Readonly<Record<number, string>> = { 0: "root", 1000: "deploy" };

/** A terminal emulator as the stream of a terminal. */
class Display extends EventEmitter {
  readonly terminal: InstanceType<typeof xterm.Terminal>;
  readonly stuck = false;
  bytes = "";

  constructor(columns: number, rows: number) {
    super();
    this.terminal = new xterm.Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 0,
      convertEol: true,
    });
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = "11";
  }

  get columns(): number {
    return this.terminal.cols;
  }

  get rows(): number {
    return this.terminal.rows;
  }

  write(text: string): void {
    this.bytes += text;
    this.terminal.write(text);
  }
}

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly theme?: Partial<ThemeOptions>;
  readonly readOnly?: boolean;
  readonly limited?: CaptureTotals["limited"];
  /** Names of cgroup paths. */
  readonly cgroups?: Readonly<Record<string, CgroupName>>;
  /** What the kernel answers to a new nice value. */
  readonly renice?: (pid: number, nice: number) => string | undefined;
  /** What the kernel answers to a signal. */
  readonly signal?: (pid: number, signal: string) => string | undefined;
  /** Moves through time; the queries are its own. */
  readonly time?: TimeTravel;
}

/** The whole screen over a monitor, in a terminal emulator: the parts a user's program has, without a process of its own. */
export class Screen {
  readonly store: Store;
  readonly copied: string[] = [];
  readonly signals: string[] = [];
  readonly effects: string[] = [];
  quit = false;
  /** What the machine's meters tell. */
  host = HOST;
  readonly #display: Display;
  readonly #ink: Instance;
  readonly #parser = new InputParser();
  readonly #capture: () => CaptureTotals;

  constructor(monitor: Monitor, options: ScreenOptions = {}) {
    const { columns = 110, rows = 30, readOnly = false } = options;
    this.#display = new Display(columns, rows);
    const names: Names = {
      user: (uid) => USERS[uid] ?? String(uid),
      container: (path) => (options.cgroups?.[path]?.kind === "container" ? options.cgroups[path].name : ""),
      cgroup: (path) => options.cgroups?.[path],
    };
    const queries = options.time?.queries ?? monitorQueries(monitor, names);
    const theme = createTheme({ name: "dark", depth: "truecolor", ascii: false, ...options.theme });
    const env: Env = { theme, names, hostname: "web-01" };
    const limited = options.limited === undefined ? {} : { limited: options.limited };
    this.#capture = () => ({ kind: options.limited ? "procfs" : "live", events: monitor.events, lost: 0, ...limited });
    this.store = new Store({
      sources: {
        queries,
        names,
        search: new SearchIndex(queries, names),
        ...(options.time === undefined ? {} : { time: options.time }),
      },
      size: { columns, rows },
      readOnly,
      capture: this.#capture(),
      nice: () => 0,
      runEffect: (effect) =>
        runEffect(effect, {
          shown: this.store.snapshot(),
          env,
          queries,
          copy: (text) => this.copied.push(text),
          signal: (pid, _startNs, signal) => {
            this.signals.push(`${signal} ${pid}`);
            return options.signal?.(pid, signal);
          },
          renice: (pid, _startNs, nice) => {
            this.signals.push(`nice ${nice} ${pid}`);
            return options.renice?.(pid, nice);
          },
          quit: () => {
            this.quit = true;
          },
          suspend: () => {},
          redraw: () => {},
          time: (action) => options.time?.act(action) ?? "",
          snapshot: () => this.effects.push("snapshot"),
        }),
    });
    this.store.tick(this.host, this.#capture(), 0);
    const stream = new ScreenStream(this.#display as unknown as Extent, this.#display);
    stream.open();
    this.#ink = renderApp(stream, env, this.store);
  }

  tick(seconds = 1): void {
    this.store.tick(this.host, this.#capture(), seconds);
  }

  /** Bytes as the terminal sends them. */
  press(...chunks: string[]): void {
    for (const chunk of chunks) {
      for (const event of this.#parser.push(Buffer.from(chunk))) this.store.input(event);
      for (const event of this.#parser.flush()) this.store.input(event);
    }
  }

  resize(columns: number, rows: number): void {
    this.#display.terminal.resize(columns, rows);
    this.store.resize({ columns, rows });
    this.#display.emit("resize");
  }

  drawn(): Promise<void> {
    return this.#ink.waitUntilRenderFlush();
  }

  /** Rows of the screen from the top, once everything is drawn. */
  async lines(): Promise<string[]> {
    await this.drawn();
    while (this.store.follow(1000));
    await this.drawn();
    await new Promise<void>((resolve) => this.#display.terminal.write("", resolve));
    const buffer = this.#display.terminal.buffer.active;
    return Array.from(
      { length: this.#display.rows },
      (_, row) =>
        buffer
          .getLine(buffer.viewportY + row)
          ?.translateToString(true)
          .trimEnd() ?? "",
    );
  }

  async text(): Promise<string> {
    return (await this.lines()).join("\n");
  }

  /** Every byte drawn so far. */
  get bytes(): string {
    return this.#display.bytes;
  }

  /** Background of a cell, 24 bits; undefined = the terminal's own. */
  async background(column: number, row: number): Promise<number | undefined> {
    await this.lines();
    const buffer = this.#display.terminal.buffer.active;
    const cell = buffer.getLine(buffer.viewportY + row)?.getCell(column);
    return cell === undefined || cell.isBgDefault() ? undefined : cell.getBgColor();
  }

  close(): void {
    this.#ink.unmount();
  }
}
