import { Box, Text } from "ink";
import { memo } from "react";

/** One line of the screen, composed by a LineBuilder: never wrapped, drawn again only when it changed. */
export const Line = memo(({ text }: { readonly text: string }) => (
  // Ink gives an empty text no row.
  <Text wrap="truncate">{text === "" ? " " : text}</Text>
));

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
