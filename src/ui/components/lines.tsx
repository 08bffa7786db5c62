import { Box, Transform } from "ink";
import { memo } from "react";

/**
 * One line of the screen, composed by a LineBuilder: never wrapped, drawn again only when it changed. Ink lays out a blank
 * and the line takes its place when it is drawn: a LineBuilder has measured and cut it already, and measuring text was
 * a third of the cost of a frame.
 */
const Line = memo(({ text }: { readonly text: string }) => <Transform transform={() => text}> </Transform>);

/** Lines below each other, filling exactly `height` rows. Keys are places: a row that changed is drawn where it is. */
export function Lines({
  lines,
  height = lines.length,
}: {
  readonly lines: readonly string[];
  readonly height?: number;
}) {
  return (
    <Box flexDirection="column" height={height} flexShrink={0}>
      {Array.from({ length: height }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the index is the identity here, see above
        <Line key={row} text={lines[row] ?? ""} />
      ))}
    </Box>
  );
}
