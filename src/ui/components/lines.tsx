import { Box, Transform } from "ink";
import { memo } from "react";

interface LinesProps {
  readonly lines: readonly string[];
  readonly height?: number;
}

/**
 * Lines below each other, composed by a LineBuilder, filling exactly `height` rows; drawn again only when one of them
 * changed. Ink lays out one block of blanks, and the lines take their places when it is drawn: they are measured and cut
 * already, and a node of its own for each was a third of the cost of a frame.
 */
export const Lines = memo(
  ({ lines, height = lines.length }: LinesProps) => (
    <Box height={height} flexShrink={0}>
      {height > 0 && <Transform transform={(_, row) => lines[row] ?? ""}>{blanks(height)}</Transform>}
    </Box>
  ),
  (before, after) =>
    before.height === after.height &&
    before.lines.length === after.lines.length &&
    before.lines.every((line, row) => line === after.lines[row]),
);

function blanks(height: number): string {
  return new Array<string>(height).fill(" ").join("\n");
}
