import { Box } from "ink";
import type { Layout } from "../state/layout.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { textWidth } from "../text/width.ts";
import type { Env } from "./env.ts";
import { Lines } from "./lines.tsx";

/** Fills one line of a dialog; the frame around it is drawn already. */
export type DialogLine = (line: LineBuilder) => void;

interface DialogProps {
  readonly env: Env;
  readonly layout: Layout;
  readonly title: string;
  readonly note?: string;
  readonly width: number;
  /** Rows from the top of the screen; in the middle without it. */
  readonly top?: number;
  readonly lines: readonly { readonly draw: DialogLine; readonly selected?: boolean }[];
}

/** A framed box above the screen. */
export function Dialog({ env, layout, title, note = "", width, top, lines }: DialogProps) {
  const { theme } = env;
  const [horizontal, vertical, topLeft, topRight, bottomRight, bottomLeft] = theme.glyphs.frame;
  const inner = width - 2;
  const noted = note === "" ? "" : ` ${note} `;
  const rule = inner - textWidth(title) - textWidth(noted) - 4;
  const head = new LineBuilder(theme, width, "dialog")
    .add("border", `${topLeft}${horizontal} `)
    .add("title", title)
    .add("border", ` ${horizontal.repeat(Math.max(rule, 0))}`)
    .add("dim", noted)
    .add("border", `${horizontal}${topRight}`)
    .build();
  const body = lines.map(({ draw, selected }) => {
    const content = new LineBuilder(theme, inner, selected ? "selected" : "dialog");
    draw(content);
    return new LineBuilder(theme, width, "dialog")
      .add("border", vertical)
      .painted(content.build(), inner)
      .add("border", vertical)
      .build();
  });
  const tail = new LineBuilder(theme, width, "dialog")
    .add("border", bottomLeft + horizontal.repeat(inner) + bottomRight)
    .build();
  const height = lines.length + 2;
  return (
    <Box
      position="absolute"
      marginLeft={Math.max(Math.floor((layout.columns - width) / 2), 0)}
      marginTop={top ?? Math.max(Math.floor((layout.rows - height) / 2), 0)}
      width={width}
      height={height}
    >
      <Lines lines={[head, ...body, tail]} />
    </Box>
  );
}
