import type { ProcessDetail } from "../../core/query/model.ts";
import type { Env } from "../components/env.ts";
import { Lines } from "../components/lines.tsx";
import type { Body, DetailRow, Frame } from "../state/frame.ts";
import { formatAge, formatBytes, formatMoment, formatPercent } from "../text/format.ts";
import { LineBuilder } from "../text/line-builder.ts";
import { sanitise } from "../text/sanitise.ts";
import { textWidth, truncateChain } from "../text/width.ts";
import { directionSign, processText, processToken, remoteName, stateText, stateToken } from "./connections.tsx";
import { DetailPanes } from "./detail-panes.tsx";
import { OPERATION_TOKEN } from "./files.tsx";

/** The screen's fixed lines: who this is. */
function headLines(env: Env, frame: Frame, detail: ProcessDetail): readonly string[] {
  const { columns: width } = frame.layout;
  const { names, theme } = env;
  const { row } = detail;
  const image = detail.images.at(-1);
  const wallMs = (ns: number): number => frame.nowMs - (frame.nowNs - ns) / 1e6;
  const field = (line: LineBuilder, name: string, value: string): void => {
    if (value !== "") {
      line.add("dim", `${name} `).add("text", `${value}   `);
    }
  };
  const title = new LineBuilder(theme, width).add("title", ` ${row.pid} ${row.name}`);
  title.add("dim", row.exit === undefined ? "" : `   ${exitWords(detail)}`);
  const worst = detail.findings[0];
  if (worst !== undefined) {
    title
      .add(worst.severity, `   ${theme.glyphs.suspicious} ${worst.techniques.join(" ")} `)
      .clipped(worst.severity, worst.title);
  }
  const who = new LineBuilder(theme, width).add("text", " ");
  field(
    who,
    "user",
    `${names.user(row.uid)}(${row.uid})${detail.euid === row.uid ? "" : ` effective ${names.user(detail.euid)}`}`,
  );
  field(who, "login", row.loginUid === undefined || row.loginUid === row.uid ? "" : names.user(row.loginUid));
  field(who, "container", names.container(row.cgroup));
  field(who, "pid inside", detail.containerPid === undefined ? "" : String(detail.containerPid));
  field(who, "started", formatMoment(wallMs(detail.startNs), frame.nowMs));
  field(who, "parent", String(row.ppid));
  const use = new LineBuilder(theme, width).add("text", " ");
  field(use, "cpu", row.cpuPercent === undefined ? "" : `${formatPercent(row.cpuPercent)}%`);
  field(use, "memory", row.exit === undefined ? formatBytes(row.rssBytes) : "");
  field(use, "threads", row.exit === undefined ? String(row.threads) : "");
  field(use, "exe", `${image?.path ?? ""}${image?.deleted ? " (deleted)" : ""}${image?.memfd ? " (memory only)" : ""}`);
  field(use, "cwd", image?.cwd ?? "");
  const argv = new LineBuilder(theme, width).add("dim", " argv ");
  const environment = image?.env.join("  ") ?? "";
  argv.clipped("text", image?.argv.join(" ") ?? row.command, environment === "" ? width : width >> 1);
  if (environment !== "")
    argv.add("dim", "   env ").clipped("text", `${environment}${image?.envTruncated ? theme.glyphs.ellipsis : ""}`);
  const chain = new LineBuilder(theme, width).add("dim", " chain ");
  const above = detail.ancestors.filter((ancestor) => ancestor.id !== row.id);
  const link = ` ${theme.glyphs.chevron} `;
  const told = sanitise([...above, row].map((ancestor) => ancestor.name).join(link));
  const { adoptedBy } = detail;
  const adopted = adoptedBy === undefined ? "" : `   parent exited, adopted by ${processText(adoptedBy)}`;
  chain.add("text", truncateChain(told, chain.left - textWidth(sanitise(adopted)), link, theme.glyphs.ellipsis));
  chain.add("warn", adopted);
  return [title, who, use, argv, chain].map((line) => line.build());
}

function exitWords({ row }: ProcessDetail): string {
  const { exit } = row;
  return exit?.signal === undefined ? `exited with ${exit?.status ?? 0}` : `killed by signal ${exit.signal}`;
}

function rowLine(env: Env, frame: Frame, row: DetailRow, width: number, selected: boolean): string {
  const line = new LineBuilder(env.theme, width, selected ? "selected" : "plain");
  drawRow(line, env, frame, row);
  // A pane is painted to its right edge.
  return line.to(width).build();
}

function drawRow(line: LineBuilder, env: Env, frame: Frame, row: DetailRow): LineBuilder {
  const { glyphs } = env.theme;
  // Below a heading, or inside a frame.
  const indent = frame.layout.panes ? " " : "   ";
  const clock = (ns: number): string => formatMoment(frame.nowMs - (frame.nowNs - ns) / 1e6, frame.nowMs);
  switch (row.kind) {
    case "heading":
      return line.add("title", ` ${row.text}`).add("dim", ` ${row.count}`);
    case "finding":
      return line
        .add(row.finding.severity, `${indent}${glyphs.suspicious} ${row.finding.title}: `)
        .clipped("text", row.finding.reason);
    case "connection": {
      const [token, sign] = directionSign(env, row.row);
      const { rxBytes, txBytes, local, remote, protocol, translated } = row.row;
      line.add(token, `${indent}${sign} `).add("dim", `${protocol} `).add("text", local);
      line.add("dim", remote === "" ? "" : ` ${glyphs.to} `).add("strong", remote);
      line.add("dim", translated === undefined ? "" : ` (NAT: ${translated.client} ${glyphs.to} ${translated.server})`);
      line
        .add("info", remoteName(row.row) === "" ? "" : ` ${remoteName(row.row)}`)
        .add(stateToken(row.row), `  ${stateText(row.row)}`);
      line.add(
        "dim",
        rxBytes + txBytes === 0 ? "" : `  ${glyphs.down}${formatBytes(rxBytes)} ${glyphs.up}${formatBytes(txBytes)}`,
      );
      return line.add("info", row.peer === undefined ? "" : `  peer ${processText(row.peer)}`);
    }
    case "file":
      return line
        .add("text", indent)
        .cell(OPERATION_TOKEN[row.row.operation], row.row.operation, 8)
        .cell("dim", row.row.count > 1 ? `${glyphs.times}${row.row.count}` : "", 6)
        .cell("dim", `${formatAge(frame.nowNs - row.row.lastNs)} ago`, 10)
        .clipped("text", row.row.path);
    case "process":
      return line
        .add(processToken(row.row), `${indent}${row.row.pid} `)
        .clipped(row.row.exit === undefined ? "text" : "faint", row.row.command);
    case "image":
      return line
        .add("dim", `${indent}${clock(row.image.atNs)}  `)
        .add("strong", row.image.path)
        .add("warn", `${row.image.deleted ? " (deleted)" : ""}${row.image.memfd ? " (memory only)" : ""}`)
        .clipped("dim", `  ${row.image.argv.slice(1).join(" ")}`);
    case "event":
      return line
        .add("dim", `${indent}${clock(row.entry.atNs)}  `)
        .clipped("text", row.entry.text)
        .add("faint", row.entry.certainty === "observed" ? "" : `  ${row.entry.certainty}`);
  }
}

interface DetailProps {
  readonly env: Env;
  readonly frame: Frame;
  readonly body: Extract<Body, { screen: "detail" }>;
}

export function DetailScreen({ env, frame, body }: DetailProps) {
  const { list, head, columns } = frame.layout;
  if (body.detail === undefined) {
    const gone = new LineBuilder(env.theme, columns).add("dim", "  this process is no longer remembered").build();
    return <Lines lines={["", gone]} height={head + list} />;
  }
  const { top, index } = frame.cursor;
  const draw = (row: DetailRow, width: number, selected: boolean): string => rowLine(env, frame, row, width, selected);
  const lines = body.rows.slice(top, top + list).map((row, at) => draw(row, columns, top + at === index));
  return (
    <>
      <Lines lines={headLines(env, frame, body.detail).slice(0, head)} height={head} />
      {body.panes.length > 0 ? (
        <DetailPanes env={env} frame={frame} body={body} draw={draw} />
      ) : (
        <Lines lines={lines} height={list} />
      )}
    </>
  );
}
