import type { Trace } from "../../core/query/model.ts";

/** A trace as the writers of this folder take it. */
export interface Answer extends Trace {
  readonly question: "origin" | "impact";
  /** In one sentence. */
  readonly summary: string;
  wallMs(ns: number): number;
}

/** What a box of a drawing holds at most; a command line may have a megabyte. */
const MOST = 160;

/** Text for a box, marked where it was cut. */
export function clipped(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST - 1)}…`;
}
