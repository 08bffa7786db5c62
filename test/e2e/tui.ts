import { Unicode11Addon } from "@xterm/addon-unicode11";
import xterm, { type IBufferCell } from "@xterm/headless";
import { type IPty, spawn } from "node-pty";

export interface TuiOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A cell as a user sees it. Colours: undefined = the terminal's own, else 24 bits. */
export interface Cell {
  readonly char: string;
  readonly fg: number | undefined;
  readonly bg: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly inverse: boolean;
  readonly underline: boolean;
}

const TIMEOUT_MS = 15_000;

/** A program in a real pseudo terminal, and a terminal emulator that shows what it drew. */
export class Tui {
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  readonly #pty: IPty;
  #written: Promise<void> = Promise.resolve();
  #output = "";
  readonly #waiting = new Set<() => void>();
  /** Settles when the program ended and the screen shows all it wrote. */
  readonly exited: Promise<{ readonly exitCode: number; readonly signal?: number | undefined }>;

  constructor(command: string, args: readonly string[], options: TuiOptions = {}) {
    const { columns = 110, rows = 30, env = {}, cwd } = options;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
    this.#terminal.loadAddon(new Unicode11Addon());
    this.#terminal.unicode.activeVersion = "11";
    this.#pty = spawn(command, [...args], {
      cols: columns,
      rows,
      name: "xterm-256color",
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, TERM: "xterm-256color", COLORTERM: "truecolor", LANG: "C.UTF-8", NO_COLOR: "", ...env },
    });
    this.#pty.onData((data) => {
      this.#output += data;
      this.#written = new Promise((resolve) => {
        this.#terminal.write(data, () => {
          resolve();
          for (const check of [...this.#waiting]) check();
        });
      });
    });
    this.#terminal.onData((data) => this.#pty.write(data));
    this.exited = new Promise((resolve) => {
      this.#pty.onExit((event) => {
        // All it wrote has arrived; the emulator may still be at it.
        void this.#written.then(() => {
          resolve(event);
          for (const check of [...this.#waiting]) check();
        });
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  /** Every byte the program wrote. */
  get output(): string {
    return this.#output;
  }

  get onAlternateScreen(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  /** Rows of the screen from the top, without blanks at their ends. */
  screen(): string[] {
    const buffer = this.#terminal.buffer.active;
    return Array.from(
      { length: this.#terminal.rows },
      (_, row) => buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? "",
    );
  }

  cells(): Cell[][] {
    const buffer = this.#terminal.buffer.active;
    return Array.from({ length: this.rows }, (_, row) => {
      const line = buffer.getLine(buffer.viewportY + row);
      return Array.from({ length: this.columns }, (_, column) => cellOf(line?.getCell(column)));
    });
  }

  /** Index of the first row that contains a text; -1 = none. */
  rowOf(text: string): number {
    return this.screen().findIndex((line) => line.includes(text));
  }

  /** Waits until the screen is as described; fails with the screen as it was. */
  async waitFor(what: string | ((screen: readonly string[]) => boolean), timeoutMs = TIMEOUT_MS): Promise<string[]> {
    const holds = typeof what === "string" ? (lines: readonly string[]) => lines.join("\n").includes(what) : what;
    await this.#written;
    if (!holds(this.screen())) {
      await new Promise<void>((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(check);
        };
        const check = (): void => {
          if (holds(this.screen())) {
            done();
            resolve();
          }
        };
        const timer = setTimeout(() => {
          done();
          const wanted = typeof what === "string" ? JSON.stringify(what) : what.toString();
          reject(new Error(`not seen within ${timeoutMs} ms: ${wanted}\n${this.screen().join("\n")}`));
        }, timeoutMs);
        this.#waiting.add(check);
      });
    }
    return this.screen();
  }

  press(keys: string | Uint8Array): void {
    this.#pty.write(typeof keys === "string" ? keys : Buffer.from(keys));
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** The terminal stops reading, as over a dead line. What is pressed still arrives. */
  freeze(): void {
    this.#pty.pause();
  }

  thaw(): void {
    this.#pty.resume();
  }

  /** The terminal goes away, as when its window is closed. */
  hangUp(): void {
    (this.#pty as IPty & { destroy(): void }).destroy();
  }

  kill(signal: string): void {
    this.#pty.kill(signal);
  }
}

function colour(isDefault: boolean, isRgb: boolean, value: number): number | undefined {
  if (isDefault) return undefined;
  return isRgb ? value : paletteColour(value);
}

/** xterm's 256 colours. */
function paletteColour(index: number): number {
  if (index < 16) {
    const basic = [
      0x000000, 0xcd3131, 0x0dbc79, 0xe5e510, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xe5e5e5, 0x666666, 0xf14c4c, 0x23d18b,
      0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff,
    ];
    return basic[index] ?? 0;
  }
  if (index >= 232) return (8 + (index - 232) * 10) * 0x010101;
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return (level(Math.floor(cube / 36)) << 16) | (level(Math.floor(cube / 6) % 6) << 8) | level(cube % 6);
}

function cellOf(cell: IBufferCell | undefined): Cell {
  if (cell === undefined) {
    return { char: " ", fg: undefined, bg: undefined, bold: false, dim: false, inverse: false, underline: false };
  }
  return {
    char: cell.getChars(),
    fg: colour(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
    bg: colour(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
    inverse: cell.isInverse() !== 0,
    underline: cell.isUnderline() !== 0,
  };
}
