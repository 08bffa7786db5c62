/** Median with its middle half; all in the unit of the samples. */
export interface Spread {
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** Median and quartiles; throws without samples. */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new Error("no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number) => {
    const place = (sorted.length - 1) * part;
    const below = Math.floor(place);
    const low = sorted[below] as number;
    const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
    return low + (high - low) * (place - below);
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75), samples: sorted.length };
}

export const median = (samples: readonly number[]): number => spread(samples).median;
