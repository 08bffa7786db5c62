import type { ConnectionIndex, FileIndex } from "../graph/indexes.ts";
import type { Cause, Node } from "./cause.ts";
import { keyOf } from "./cause.ts";

/** Something on the way forward: what it did from node.atNs on. */
export interface Place {
  readonly node: Node;
  /** A server: only what it did for this connection. */
  readonly only?: ConnectionIndex;
  /** It took something in without being told what to do: only what it passed on. */
  readonly passes?: true;
  /** Until when it took it in: what a server passed on then, the client it had accepted last received. */
  readonly readNs?: number;
}

/** One possible step forward: a place, and how it came of the one before. */
export interface Effect extends Pick<Cause, "link" | "atNs" | "certainty" | "explanation"> {
  readonly to: Place;
  /** The file through which it came, when that is no place itself. */
  readonly through?: FileIndex;
  /** How little it says: the smallest is followed first. */
  readonly cost: number;
}

/** What a step forward costs before anything else is known of it. */
export const COST = { RAN: 1, DRIVEN: 1, CONNECTED: 2, SPAWNED: 3, SERVED: 3, WROTE: 5, READ: 6 } as const;

/** The same thing, or the same thing on behalf of the same client. */
export function placeKey({ node, only }: Place): string {
  return only === undefined ? keyOf(node) : `${keyOf(node)}/${only}`;
}

/** Edges and children a query may look at before it must answer. */
export interface Budget {
  left: number;
}
