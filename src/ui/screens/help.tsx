import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import { type HelpRow, SCREEN_NAMES } from "../keymap/help.ts";
import type { Body, Frame } from "../state/frame.ts";
import { LineBuilder } from "../text/line-builder.ts";

const KEYS_WIDTH = 13;

function addRow(line: LineBuilder, { theme }: Env, row: HelpRow, end: number): void {
  const { glyphs } = theme;
  switch (row.kind) {
    case "heading":
      line.add("title", ` ${row.text}`);
      return;
    case "binding":
      line.add("text", "  ").cell("key", row.keys, Math.max(KEYS_WIDTH, row.keys.length)).add("text", " ");
      line.clipped("text", row.help, end - line.used);
      return;
    case "legend": {
      const { sign } = row;
      const own =
        sign === "suspicious" || sign === "above" || sign === "exited" || sign === "collapsed" || sign === "bullet";
      line.add("text", "  ").cell("match", own ? glyphs[sign] : glyphs.activity[sign], 3);
      line.clipped("text", row.help, end - line.used);
    }
  }
}

interface HelpProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "help" }>;
}

export function HelpScreen({ env, frame, body }: HelpProps) {
  const { columns: width, list, head } = frame.layout;
  const { index } = frame.cursor;
  const page = body.pages[index] ?? [];
  const cells = Math.floor(width / Math.max(page.length, body.pages[0]?.length ?? 1, 1));
  const title = new LineBuilder(env.theme, width).add("title", ` Keys for: ${SCREEN_NAMES[body.of]}`);
  const more = body.pages.length > 1 ? `   page ${index + 1} of ${body.pages.length}, PgDn PgUp` : "";
  title.add("text", more).add("dim", "   Esc goes back");
  const lines = Array.from({ length: list }, (_, row) => {
    const line = new LineBuilder(env.theme, width);
    for (const [at, column] of page.entries()) {
      const entry = column[row];
      if (entry !== undefined) {
        addRow(line.to(at * cells), env, entry, (at + 1) * cells - 1);
      }
    }
    return line.build();
  });
  return (
    <>
      <Lines lines={[title.build()].slice(0, head)} height={head} />
      <Lines lines={lines} height={list} />
    </>
  );
}
