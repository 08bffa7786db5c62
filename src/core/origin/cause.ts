import type { ChannelIndex, ConnectionIndex, FileIndex, ProcessIndex } from "../graph/indexes.ts";
import type { Certainty, LinkKind } from "../query/model.ts";
import type { Boundary } from "./boundary.ts";

interface ProcessNode {
  readonly kind: "process";
  readonly row: ProcessIndex;
  readonly atNs: number;
  /** It is called by what it ran at this moment, when that is not atNs. */
  readonly namedNs?: number;
}

/** Something on the way back, at the moment from which only what was earlier can explain it. */
export type Node =
  | ProcessNode
  | { readonly kind: "connection"; readonly row: ConnectionIndex; readonly atNs: number }
  | { readonly kind: "file"; readonly row: FileIndex; readonly atNs: number }
  | { readonly kind: "channel"; readonly row: ChannelIndex; readonly atNs: number };

/** How directly a cause decides what happened: the smallest is followed first. */
export const RANK = {
  INJECTED: 0,
  CODE: 1,
  LIBRARY: 2,
  COMMANDS: 3,
  STDIO: 4,
  CLIENT: 5,
  PARENT: 6,
  SOURCE: 7,
} as const;

/** One possible step back from a node. */
export interface Cause {
  readonly from: Node;
  readonly link: LinkKind;
  readonly atNs: number;
  readonly certainty: Certainty;
  /** Said of the effect: "ran the file 20991 curl wrote 0.5 s earlier". */
  readonly explanation: string;
  /** Said of the cause where it stands beside the chain: "also started it". */
  readonly aside: string;
  readonly rank: number;
  /** The file through which it came. */
  readonly through?: FileIndex;
}

/** One place of a trail: why it came to be (its cause is the next place), or why the trail ends here. */
export interface Hop {
  readonly node: Node;
  readonly cause?: Cause;
  readonly boundary?: Boundary;
  /** Places between it and its cause that are not told. */
  readonly left?: number;
}

/** A trail from an effect back to where it began. The first branch is the chain; the others stand beside the hop they explain. */
export interface Branch {
  readonly trail: readonly Hop[];
  /** The hop of the main trail this one explains, and how; undefined for the main trail. */
  readonly beside?: { readonly hop: Hop; readonly cause: Cause };
}

/** The same for the same thing, whatever the moment. */
export function keyOf(node: Node): string {
  return `${node.kind}:${node.row}`;
}
