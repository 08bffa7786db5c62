import type { Finding } from "../../core/query/model.ts";
import type { Queries } from "../ports.ts";
import { parseQuery, queryHolds } from "../search/query.ts";
import type { RowId } from "./cursor.ts";
import type { Body, FindingItem } from "./frame.ts";

/** Rows of folded alerts have ids of their own beside those of the alerts. */
const FOLDED = 2 ** 40;

/**
 * Alerts that say the same again: of one rule, and of one chain or of programs that hang together in the same way. Groups and
 * their members keep the order of the findings, worst first.
 */
function fold(findings: readonly Finding[], programs: (finding: Finding) => string): readonly (readonly Finding[])[] {
  const groups: Finding[][] = [];
  const known = new Map<string, Finding[]>();
  for (const finding of findings) {
    const keys = [`${finding.rule}|${finding.chain[0]}`, `${finding.rule}|${programs(finding)}`];
    const found = keys.map((key) => known.get(key)).find((group) => group !== undefined);
    const group = found ?? [];
    if (found === undefined) {
      groups.push(group);
    }
    group.push(finding);
    for (const key of keys) {
      known.set(key, known.get(key) ?? group);
    }
  }
  return groups;
}

export function findingBody(queries: Queries, filter: string, unfolded: ReadonlySet<RowId>): Body {
  const all = queries.findings();
  const terms = parseQuery(filter);
  const kept = all.filter((finding) =>
    queryHolds(terms, {
      haystack: `${finding.severity} ${finding.rule} ${finding.title} ${finding.reason}`.toLowerCase(),
      field: (field) => (field === "rule" ? [finding.rule.toLowerCase()] : []),
    }),
  );
  const chainOf = (finding: Finding): FindingItem["chain"] =>
    finding.chain.map((id) => queries.process(id)).filter((row) => row !== undefined);
  const chains = new Map(kept.map((finding) => [finding, chainOf(finding)]));
  const item = (finding: Finding, more: Partial<FindingItem> = {}): FindingItem => ({
    id: finding.id,
    finding,
    chain: chains.get(finding) ?? [],
    count: 1,
    open: false,
    member: false,
    ...more,
  });
  const programs = (finding: Finding): string => (chains.get(finding) ?? []).map((row) => row.name).join("/");
  const rows = fold(kept, programs).flatMap((group): readonly FindingItem[] => {
    const [worst] = group;
    if (worst === undefined || group.length === 1) {
      return group.map((finding) => item(finding));
    }
    // The oldest one stays when more are folded in.
    const id = FOLDED + Math.min(...group.map((finding) => finding.id));
    const open = unfolded.has(id);
    const members = open ? group.map((finding) => item(finding, { member: true })) : [];
    return [item(worst, { id, count: group.length, open }), ...members];
  });
  return { screen: "findings", rows, ids: rows.map(({ id }) => id), total: all.length };
}
