/** A number from 0 to below `below`, the same sequence in every run (a linear congruential generator, Numerical Recipes). */
export function dice(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}
