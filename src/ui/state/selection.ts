import type { ProcessId, ProcessRow, Subject, Target } from "../../core/query/model.ts";
import type { Body, DetailRow, Frame } from "./frame.ts";

/** What the cursor is on: the thing itself, and the process it belongs to. */
export interface Selection {
  readonly subject?: Subject;
  readonly process?: ProcessId;
}

function ofDetail(row: DetailRow, process: ProcessId): Selection {
  switch (row.kind) {
    case "heading":
    case "image":
      return { subject: { kind: "process", id: process }, process };
    case "finding":
      return { subject: row.finding.evidence[0] ?? { kind: "process", id: row.finding.process }, process };
    case "connection":
      return { subject: { kind: "connection", id: row.row.id }, process };
    case "file":
      return { subject: { kind: "file", id: row.row.id }, process };
    case "process":
      return { subject: { kind: "process", id: row.row.id }, process: row.row.id };
    case "event":
      return { subject: row.entry.subject ?? { kind: "process", id: process }, process };
  }
}

export function selectionAt(body: Body, index: number): Selection {
  switch (body.screen) {
    case "tree": {
      const row = body.row(index);
      return row === undefined
        ? {}
        : { subject: row.leaf?.subject ?? { kind: "process", id: row.id }, process: row.id };
    }
    case "connections":
    case "listen": {
      const item = body.rows[index];
      return item === undefined ? {} : { subject: { kind: "connection", id: item.row.id }, ...ownedBy(item.owner) };
    }
    case "files": {
      const item = body.rows[index];
      return item === undefined ? {} : { subject: { kind: "file", id: item.row.id }, process: item.row.process };
    }
    case "findings": {
      const finding = body.rows[index]?.finding;
      return finding === undefined
        ? {}
        : { subject: { kind: "process", id: finding.process }, process: finding.process };
    }
    case "detail": {
      const row = body.rows[index];
      const process = body.detail?.row.id;
      return row === undefined || process === undefined ? {} : ofDetail(row, process);
    }
    case "origin":
    case "impact": {
      const subject = body.trace.steps[index]?.subject;
      return subject === undefined ? {} : { subject, ...(subject.kind === "process" ? { process: subject.id } : {}) };
    }
    case "containers":
    case "help":
      return {};
  }
}

function ownedBy(owner: ProcessRow | undefined): Selection {
  return owner === undefined ? {} : { process: owner.id };
}

/** What origin and impact are asked of: a finding from the moment it was found; of details, until a row of them was chosen, the process. */
export function targetAt({ body, cursor }: Frame): Target | undefined {
  if (body.screen === "detail" && body.detail !== undefined && !cursor.chosen)
    return { kind: "process", id: body.detail.row.id };
  const finding = body.screen === "findings" ? body.rows[cursor.index]?.finding : undefined;
  return finding === undefined ? selectionAt(body, cursor.index).subject : { kind: "finding", id: finding.id };
}

export function selected(frame: Frame): Selection {
  return selectionAt(frame.body, frame.cursor.index);
}
