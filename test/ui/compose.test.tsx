import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import xterm from "@xterm/headless";
import { Box, render, Text } from "ink";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { installComposer, removeComposer } from "../../src/ui/render/compose.ts";

const COLUMNS = 60;
const ROWS = 20;

/** Every cell of the screen after each frame: character and attributes. */
async function cellsOf(frames: readonly ReactNode[]): Promise<string[]> {
  const terminal = new xterm.Terminal({
    cols: COLUMNS,
    rows: ROWS,
    allowProposedApi: true,
    scrollback: 0,
    convertEol: true,
  });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: COLUMNS,
    rows: ROWS,
    write: (text: string, encoding?: unknown, done?: () => void): boolean => {
      terminal.write(text, typeof encoding === "function" ? (encoding as () => void) : done);
      return true;
    },
  });
  const ink = render(<Text> </Text>, {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    interactive: true,
    incrementalRendering: true,
    patchConsole: false,
    maxFps: 1000,
  });
  const shown: string[] = [];
  for (const frame of frames) {
    ink.rerender(frame);
    await ink.waitUntilRenderFlush();
    await new Promise<void>((resolve) => terminal.write("", resolve));
    const buffer = terminal.buffer.active;
    for (let y = 0; y < ROWS; y++) {
      const line = buffer.getLine(buffer.viewportY + y);
      let row = "";
      for (let x = 0; x < COLUMNS; x++) {
        const cell = line?.getCell(x);
        if (cell === undefined) continue;
        const blank = cell.getChars().trim() === "" && cell.isBgDefault() && !cell.isInverse() && !cell.isUnderline();
        row += blank
          ? "_"
          : `[${cell.getChars()} ${cell.getFgColorMode()} ${cell.getFgColor()} ${cell.getBgColorMode()} ${cell.getBgColor()} ${cell.isBold()} ${cell.isDim()} ${cell.isInverse()} ${cell.isUnderline()}]`;
      }
      shown.push(row);
    }
  }
  ink.unmount();
  return shown;
}

const sgr = (codes: string, text: string): string => `\x1b[0;${codes}m${text}\x1b[0m`;
const row = (n: number): string =>
  `${sgr("1;38;2;255;120;0", String(n).padStart(6))} ${sgr("38;5;80;48;5;236", "│ braille ⠋⡇ ".padEnd(30 + (n % 3)))}${sgr("7", "end")}`;

function Page({ n, dialog }: { readonly n: number; readonly dialog: boolean }) {
  return (
    <Box flexDirection="column" width={COLUMNS} height={ROWS}>
      <Text wrap="truncate">{sgr("1;4", `title ${n}`)}</Text>
      <Text wrap="truncate">{sgr("31", `日本語 wide ${n} 한글`)}</Text>
      <Box height={3}>
        <Box width={20} borderStyle="single" borderColor="cyan">
          <Text>{`left ${n}`}</Text>
        </Box>
        <Box width={25} borderStyle="round">
          <Text color="red" bold>{`right 🙂 ${n}`}</Text>
        </Box>
      </Box>
      {Array.from({ length: 10 }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows are places
        <Text key={i} wrap="truncate">
          {row(n * i)}
        </Text>
      ))}
      <Box height={2} overflowY="hidden" flexDirection="column">
        <Text>{`clipped ${n}`}</Text>
        <Text>second</Text>
        <Text>third is cut off</Text>
      </Box>
      <Text>{"x".repeat(100)}</Text>
      {dialog && (
        <Box position="absolute" marginTop={1} marginLeft={9} width={24} height={9} borderStyle="double">
          <Text>{sgr("48;2;0;0;90", "over 日本 the rows ".repeat(3))}</Text>
        </Box>
      )}
    </Box>
  );
}

test("the composer draws the same cells as Ink: dialogs over rows, wide characters, borders, clips", async () => {
  const frames = [1, 2, 3, 4, 5].map((n) => <Page key="page" n={n} dialog={n % 2 === 0} />);
  removeComposer();
  const stock = await cellsOf(frames);
  expect(installComposer()).toBe(true);
  const composed = await cellsOf(frames);
  expect(composed).toEqual(stock);
  expect(stock.join("")).toContain("日");
});
