import type { Env } from "../components/env.ts";
import { wallClock } from "../components/header.tsx";
import { Lines } from "../components/lines.tsx";
import type { Making } from "../ports.ts";
import type { Frame } from "../state/frame.ts";
import { LineBuilder } from "../text/line-builder.ts";

interface MakingProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly making: Making;
}

/** In place of rows, which would be those of another moment. */
export function MakingScreen({ env, frame, making }: MakingProps) {
  const { columns, head, list } = frame.layout;
  const { ellipsis } = env.theme.glyphs;
  const text = `rebuilding ${wallClock(frame, making.toNs)} from what was kept${ellipsis} ${Math.floor(making.share * 100)}%`;
  const line = new LineBuilder(env.theme, columns).add("dim", "  ").clipped("warn", text);
  return <Lines lines={["", line.build()]} height={head + list} />;
}
