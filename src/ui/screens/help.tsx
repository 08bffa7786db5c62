import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import type { HelpRow } from "../keymap/help.ts";
import type { Body, Frame } from "../state/frame.ts";
import { LineBuilder } from "../text/line-builder.ts";

const KEYS_WIDTH = 18;

function rowLine({ theme }: Env, row: HelpRow, width: number): string {
  const line = new LineBuilder(theme, width);
  switch (row.kind) {
    case "heading":
      return line.add("title", ` ${row.text}`).build();
    case "binding":
      return line.add("text", "   ").cell("key", row.keys, KEYS_WIDTH).clipped("text", row.help).build();
    case "legend": {
      const { glyphs } = theme;
      const sign =
        row.sign === "suspicious" || row.sign === "exited" || row.sign === "collapsed"
          ? glyphs[row.sign]
          : glyphs.activity[row.sign];
      return line.add("text", "   ").cell("match", sign, KEYS_WIDTH).clipped("text", row.help).build();
    }
  }
}

interface HelpProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "help" }>;
}

export function HelpScreen({ env, frame, body }: HelpProps) {
  const { columns, list, head } = frame.layout;
  const { top } = frame.cursor;
  const title = new LineBuilder(env.theme, columns).add("title", " Keys").add("dim", "   Esc goes back").build();
  const lines = body.rows.slice(top, top + list).map((row) => rowLine(env, row, columns));
  return (
    <>
      <Lines lines={[title]} height={head} />
      <Lines lines={lines} height={list} />
    </>
  );
}
