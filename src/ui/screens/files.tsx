import type { FileRow } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";
import type { Column } from "../components/table.ts";
import { TableScreen } from "../components/table-screen.tsx";
import type { Body, FileItem, Frame } from "../state/frame.ts";
import { filterOf } from "../state/navigation.ts";
import type { ViewState } from "../state/view-state.ts";
import { formatAge, formatCount } from "../text/format.ts";
import type { Token } from "../theme/tokens.ts";
import { processText, processToken } from "./connections.tsx";

export const OPERATION_TOKEN: Readonly<Record<FileRow["operation"], Token>> = {
  read: "dim",
  write: "write",
  create: "write",
  execute: "execute",
  chmod: "info",
  delete: "remove",
  rename: "info",
};

function fileColumns(env: Env, nowNs: number): readonly Column<FileItem>[] {
  return [
    {
      key: "age",
      title: "AGO",
      width: 5,
      align: "right",
      value: ({ row }) => formatAge(nowNs - row.lastNs),
      token: () => "dim",
    },
    {
      key: "op",
      title: "OP",
      width: 7,
      value: ({ row }) => row.operation,
      token: ({ row }) => OPERATION_TOKEN[row.operation],
    },
    {
      key: "path",
      title: "PATH",
      share: 6,
      cut: "middle",
      value: ({ row }) => row.path,
      token: ({ row }) => (row.operation === "read" ? "text" : "strong"),
    },
    {
      key: "count",
      title: "COUNT",
      width: 5,
      align: "right",
      from: 70,
      value: ({ row }) => (row.count > 1 ? formatCount(row.count) : ""),
      token: () => "dim",
    },
    {
      key: "process",
      title: "PROCESS",
      share: 2,
      value: ({ process }) => processText(process),
      token: ({ process }) => processToken(process),
    },
    {
      key: "user",
      title: "USER",
      width: 8,
      from: 80,
      value: ({ process }) => (process === undefined ? "" : env.names.user(process.uid)),
      token: ({ process }) => (process?.uid === 0 ? "root" : "dim"),
    },
    {
      key: "container",
      title: "CONTAINER",
      width: 14,
      from: 110,
      value: ({ process }) => (process === undefined ? "" : env.names.container(process.cgroup)),
      token: () => "container",
    },
  ];
}

interface FilesProps {
  readonly env: Env;
  readonly view: ViewState;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "files" }>;
}

const NO_FILES = {
  live: "no file was touched yet",
  procfs: "/proc tells of no file as it is touched",
  replay: "no file was touched by then",
  import: "the file tells of no file that was touched by then",
} as const;

export function FilesScreen({ env, view, frame, body }: FilesProps) {
  const empty = filterOf(view) !== "" ? "nothing matches the filter" : NO_FILES[frame.meters.capture.kind];
  return (
    <TableScreen
      env={env}
      view={view}
      frame={frame}
      table="files"
      columns={fileColumns(env, frame.nowNs)}
      rows={body.rows}
      empty={empty}
      marked={() => false}
    />
  );
}
