import type {
  Activity,
  CgroupRow,
  ConnectionRow,
  FileRow,
  Finding,
  ImageRow,
  ProcessDetail,
  ProcessRow,
  TimelineEntry,
  Trace,
  TreeRow,
} from "../../core/query/model.ts";
import type { HelpPage } from "../keymap/help.ts";
import type { CgroupName } from "../ports.ts";
import type { SearchResult } from "../search/search-index.ts";
import type { Cursor, RowId } from "./cursor.ts";
import type { Layout } from "./layout.ts";
import type { Menu } from "./menus.ts";
import type { Meters } from "./meters.ts";
import type { TimeFrame } from "./time.ts";
import type { ScreenName } from "./view-state.ts";

/** A row that may stand for several alike ones. */
export interface Foldable {
  readonly id: RowId;
  /** How many alike were folded into this row; 1 = none. */
  readonly count: number;
  /** Those that were folded follow. */
  readonly open: boolean;
  /** One of those that were folded into a row above. */
  readonly member: boolean;
}

/** A connection with the process it belongs to; of several alike ones the newest, with the bytes of all. */
export interface ConnectionItem extends Foldable {
  readonly row: ConnectionRow;
  readonly owner?: ProcessRow;
  readonly peer?: ProcessRow;
}

export interface FileItem {
  readonly row: FileRow;
  readonly process?: ProcessRow;
}

/** A process; or, with `leaf`, one thing it does, in a row below it. */
export interface TreeItem extends TreeRow {
  readonly leaf?: Activity;
}

export interface FindingItem extends Foldable {
  /** The worst of those folded into this row. */
  readonly finding: Finding;
  /** Names along the chain, root first. */
  readonly chain: readonly ProcessRow[];
}

/** All processes of a container, a pod, a systemd unit or a login session. */
export interface ContainerItem extends Omit<CgroupRow, "cgroup"> {
  readonly id: RowId;
  /** undefined: a cgroup that nothing is known of. */
  readonly known: CgroupName | undefined;
  readonly name: string;
  /** A filter of the tree that keeps exactly these processes. */
  readonly filter: string;
}

export type DetailRow =
  | { readonly kind: "heading"; readonly text: string; readonly count: string }
  | { readonly kind: "finding"; readonly finding: Finding }
  | { readonly kind: "connection"; readonly row: ConnectionRow; readonly peer?: ProcessRow }
  | { readonly kind: "file"; readonly row: FileRow }
  | { readonly kind: "process"; readonly row: ProcessRow }
  | { readonly kind: "image"; readonly image: ImageRow }
  | { readonly kind: "event"; readonly entry: TimelineEntry };

export interface Pane {
  readonly title: string;
  /** Index of its first row. */
  readonly start: number;
  readonly count: number;
  /** Older ones that are not among them. */
  readonly left: number;
}

/** The rows of the screen that is shown; `ids` runs parallel to them. */
export type Body =
  | {
      readonly screen: "tree";
      readonly ids: readonly RowId[];
      /** A row is made when it is asked for; one whose process was forgotten since the ids were made is undefined. */
      readonly row: (at: number) => TreeItem | undefined;
      /** Of all processes shown. */
      readonly cgroups: ReadonlySet<string>;
      readonly processes: number;
    }
  | {
      readonly screen: "connections" | "listen";
      /** Only those of this process. */
      readonly of?: ProcessRow;
      readonly rows: readonly ConnectionItem[];
      readonly ids: readonly RowId[];
      readonly total: number;
      /** Unix sockets without a name that are left out. */
      readonly unnamed: number;
      /** Older ones that are over and have no row. */
      readonly left: number;
    }
  | {
      readonly screen: "files";
      readonly of?: ProcessRow;
      readonly rows: readonly FileItem[];
      readonly ids: readonly RowId[];
      /** Older ones that were not looked at. */
      readonly left: number;
    }
  | {
      readonly screen: "findings";
      /** How often one more was not told. */
      readonly untold: number;
      readonly rows: readonly FindingItem[];
      readonly ids: readonly RowId[];
      readonly total: number;
    }
  | {
      readonly screen: "containers";
      readonly rows: readonly ContainerItem[];
      readonly ids: readonly RowId[];
      readonly total: number;
    }
  | {
      readonly screen: "detail";
      readonly detail: ProcessDetail | undefined;
      readonly rows: readonly DetailRow[];
      /** Parts of `rows` that are shown beside each other; none where they are shown below each other. */
      readonly panes: readonly Pane[];
      readonly ids: readonly RowId[];
    }
  | {
      readonly screen: "origin" | "impact";
      readonly trace: Trace;
      /** The whole of it in one sentence. */
      readonly sentence: string;
      readonly ids: readonly RowId[];
    }
  | {
      readonly screen: "help";
      /** The screen whose keys are told. */
      readonly of: ScreenName;
      readonly pages: readonly HelpPage[];
      /** One for each page. */
      readonly ids: readonly RowId[];
    };

/** All that is drawn beside the view state. Made afresh once a tick and after a key; nothing in it changes afterwards. */
export interface Frame {
  /** The moment the rows show, ns since capture began, and its wall clock. */
  readonly nowNs: number;
  readonly nowMs: number;
  readonly meters: Meters;
  readonly findings: readonly Finding[];
  readonly body: Body;
  readonly cursor: Cursor;
  readonly layout: Layout;
  /** Where the screen stands, when that is not the present. */
  readonly time?: TimeFrame;
  /** What the open search found; searched for when it is first asked for. */
  readonly search: SearchResult | undefined;
  /** What the open menu offers. */
  readonly menu?: Menu;
}
