import type { Env } from "../components/env.ts";
import type { Frame } from "./frame.ts";

/** The row under the cursor as one line of plain text, nothing cut. */
export function rowText({ body, cursor }: Frame, { names, theme }: Env): string {
  const { index } = cursor;
  const { to } = theme.glyphs;
  switch (body.screen) {
    case "tree": {
      const row = body.row(index);
      return row === undefined ? "" : `${row.pid} ${names.user(row.uid)} ${row.command}`;
    }
    case "connections":
    case "listen": {
      const item = body.rows[index];
      if (item === undefined) {
        return "";
      }
      const { row, owner } = item;
      const remote = row.remote === "" ? "" : ` ${to} ${row.remote}`;
      const nat = row.translated === undefined ? "" : ` (NAT: ${row.translated.client} ${to} ${row.translated.server})`;
      return `${row.protocol} ${row.local}${remote}${nat} ${row.state} ${owner === undefined ? "" : `${owner.pid} ${owner.command}`}`;
    }
    case "files": {
      const item = body.rows[index];
      return item === undefined
        ? ""
        : `${item.row.operation} ${item.row.path} ${item.process === undefined ? "" : `${item.process.pid} ${item.process.command}`}`;
    }
    case "findings": {
      const finding = body.rows[index]?.finding;
      return finding === undefined
        ? ""
        : `${finding.severity} ${finding.rule} ${finding.techniques.join(" ")}: ${finding.reason}`;
    }
    case "containers": {
      const item = body.rows[index];
      return item === undefined
        ? ""
        : `${item.known?.kind ?? "cgroup"} ${item.name} ${item.known?.image ?? ""} ${item.listening.join(" ")}`.trim();
    }
    case "detail":
      return body.detail === undefined ? "" : `${body.detail.row.pid} ${body.detail.row.command}`;
    case "origin":
    case "impact": {
      const step = body.trace.steps[index];
      return step === undefined ? "" : `${step.title}: ${step.explanation}`;
    }
    case "help":
      return "";
  }
}
