import type { ConnectionRow, ProcessRow } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";
import type { Column } from "../components/table.ts";
import { TableScreen } from "../components/table-screen.tsx";
import type { Body, ConnectionItem, Frame } from "../state/frame.ts";
import type { ViewState } from "../state/view-state.ts";
import { formatAge, formatBytes, formatCount } from "../text/format.ts";
import type { Token } from "../theme/tokens.ts";

/** What a connection is drawn with: the arrow of its direction. */
export function directionSign(env: Env, row: ConnectionRow): readonly [Token, string] {
  const { activity } = env.theme.glyphs;
  switch (row.direction) {
    case "out":
      return ["outward", activity.connected];
    case "in":
      return ["inward", activity.accepted];
    case "listen":
      return ["inward", activity.listen];
    case "local":
      // Told from the client's end. Of an unnamed pair nobody asked.
      return ["dim", row.remote === "" ? env.theme.glyphs.bullet : activity.connected];
  }
}

export function stateText(row: ConnectionRow): string {
  return row.error ?? row.state.toLowerCase();
}

export function stateToken(row: ConnectionRow): Token {
  if (row.error !== undefined) {
    return "bad";
  }
  return row.closedNs !== undefined ? "faint" : /^(established|connected)$/iu.test(row.state) ? "good" : "dim";
}

/** "20991 curl"; "?" when nobody known holds it. */
export function processText(process: ProcessRow | undefined): string {
  return process === undefined ? "?" : `${process.pid} ${process.name}`;
}

export function processToken(process: ProcessRow | undefined): Token {
  return (process?.suspect ? process.severity : undefined) ?? (process?.exit === undefined ? "text" : "faint");
}

/** What the other end was looked up as before the connection; "~" when another process on this host asked. */
export function remoteName({ name, nameGuessed, direction }: ConnectionRow): string {
  const told = name !== undefined && direction !== "in" && direction !== "listen";
  return told ? `${nameGuessed ? "~" : ""}${name}` : "";
}

/** Its name, or where NAT led to. */
function remoteText(env: Env, row: ConnectionRow): string {
  const { translated } = row;
  if (translated === undefined || remoteName(row) !== "") return remoteName(row);
  return `NAT ${translated.client} ${env.theme.glyphs.to} ${translated.server}`;
}

const bytes = (value: number): string => (value >= 1 ? formatBytes(value) : "");

/** "255.255.255.255:65535" */
const ENDPOINT = 21;
/** "127.0.0.1:65535" */
const LOOPBACK = 15;
const WIDE_FROM = 96;
const LOCAL_FROM = 70;

function connectionColumns(
  env: Env,
  nowNs: number,
  screenColumns: number,
  anyFolded: boolean,
  anyNamed: boolean,
): readonly Column<ConnectionItem>[] {
  const { down, up, unfolded, collapsed, times } = env.theme.glyphs;
  const quiet = (item: ConnectionItem, token: Token): Token => (item.row.closedNs === undefined ? token : "faint");
  const folded: Column<ConnectionItem> = {
    title: "",
    width: 6,
    from: 60,
    value: ({ count, open }) => (count > 1 ? `${open ? unfolded : collapsed}${times}${formatCount(count)}` : ""),
    token: () => "info",
  };
  const named: Column<ConnectionItem> = {
    key: "name",
    title: "NAME",
    share: 3,
    from: 120,
    value: ({ row }) => remoteText(env, row),
    token: (item) => quiet(item, "info"),
  };
  return [
    {
      title: "",
      width: 2,
      value: ({ row }) => directionSign(env, row)[1],
      token: ({ row }) => row.severity ?? directionSign(env, row)[0],
    },
    ...(anyFolded ? [folded] : []),
    { key: "proto", title: "PROTO", width: 5, from: 70, value: ({ row }) => row.protocol, token: () => "dim" },
    {
      key: "local",
      title: "LOCAL",
      // Of a client's own address the port is enough where there is little room.
      width: screenColumns >= WIDE_FROM ? ENDPOINT : LOOPBACK,
      cut: "start",
      from: LOCAL_FROM,
      value: ({ row }) => row.local,
      token: (item) => quiet(item, "text"),
    },
    {
      key: "remote",
      title: "REMOTE",
      width: ENDPOINT,
      cut: "start",
      // Who listens has no other address than its own.
      value: ({ row }) => (row.remote === "" && screenColumns < LOCAL_FROM ? row.local : row.remote),
      token: (item) => quiet(item, "strong"),
    },
    ...(anyNamed ? [named] : []),
    {
      key: "state",
      title: "STATE",
      width: 11,
      from: 90,
      value: ({ row }) => stateText(row),
      token: ({ row }) => stateToken(row),
    },
    {
      key: "receive",
      title: `${down}/s`,
      width: 5,
      align: "right",
      from: 100,
      value: ({ row }) => bytes(row.rxBytesPerSecond),
      token: () => "receive",
    },
    {
      key: "send",
      title: `${up}/s`,
      width: 5,
      align: "right",
      from: 100,
      value: ({ row }) => bytes(row.txBytesPerSecond),
      token: () => "send",
    },
    {
      key: "rx",
      title: "RX",
      width: 5,
      align: "right",
      from: 80,
      value: ({ row }) => bytes(row.rxBytes),
      token: (item) => quiet(item, "text"),
    },
    {
      key: "tx",
      title: "TX",
      width: 5,
      align: "right",
      from: 80,
      value: ({ row }) => bytes(row.txBytes),
      token: (item) => quiet(item, "text"),
    },
    ...ownerColumns(env, nowNs, { age: 70, user: 90, container: 150 }),
  ];
}

/** How long it is there and whose it is, each from a width of the screen on. */
function ownerColumns(
  env: Env,
  nowNs: number,
  from: Readonly<Record<"age" | "user" | "container", number>>,
): readonly Column<ConnectionItem>[] {
  return [
    {
      key: "age",
      title: "AGE",
      width: 5,
      align: "right",
      from: from.age,
      // What was there already is older than that.
      value: ({ row }) => `${row.certainty === "before start" ? ">" : ""}${formatAge(nowNs - row.openedNs)}`,
      token: () => "dim",
    },
    {
      key: "process",
      title: "PROCESS",
      share: 3,
      value: ({ owner }) => processText(owner),
      token: ({ owner }) => processToken(owner),
    },
    {
      key: "user",
      title: "USER",
      width: 8,
      from: from.user,
      value: ({ owner }) => (owner === undefined ? "" : env.names.user(owner.uid)),
      token: ({ owner }) => (owner?.uid === 0 ? "root" : "dim"),
    },
    {
      key: "container",
      title: "CONTAINER",
      width: 14,
      from: from.container,
      value: ({ owner }) => (owner === undefined ? "" : env.names.container(owner.cgroup)),
      token: () => "container",
    },
  ];
}

function listenColumns(env: Env, nowNs: number): readonly Column<ConnectionItem>[] {
  return [
    { title: "", width: 2, value: ({ row }) => directionSign(env, row)[1], token: () => "inward" },
    { key: "proto", title: "PROTO", width: 5, value: ({ row }) => row.protocol, token: () => "dim" },
    { key: "local", title: "ADDRESS", share: 3, cut: "start", value: ({ row }) => row.local, token: () => "strong" },
    ...ownerColumns(env, nowNs, { age: 60, user: 60, container: 90 }),
    {
      key: "command",
      title: "COMMAND",
      share: 5,
      from: 100,
      value: ({ owner }) => owner?.command ?? "",
      token: () => "dim",
    },
  ];
}

interface ConnectionsProps {
  readonly env: Env;
  readonly view: ViewState;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "connections" | "listen" }>;
}

export function ConnectionsScreen({ env, view, frame, body }: ConnectionsProps) {
  const listening = body.screen === "listen";
  const folded = body.rows.some(({ count }) => count > 1);
  const named = body.rows.some(({ row }) => remoteText(env, row) !== "");
  const columns = listening
    ? listenColumns(env, frame.nowNs)
    : connectionColumns(env, frame.nowNs, frame.layout.columns, folded, named);
  const empty = body.total > 0 ? "nothing matches the filter" : listening ? "nobody listens" : "no connection yet";
  return (
    <TableScreen
      env={env}
      view={view}
      frame={frame}
      table={body.screen}
      columns={columns}
      rows={body.rows}
      empty={empty}
      marked={({ row }) => row.severity !== undefined}
    />
  );
}
