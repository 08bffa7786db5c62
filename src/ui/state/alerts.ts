import type { Finding } from "../../core/query/model.ts";
import type { Names, Queries } from "../ports.ts";
import { parseQuery, queryHolds } from "../search/query.ts";
import { FINDINGS, inOrder, type Order } from "./columns.ts";
import type { RowId } from "./cursor.ts";
import type { Body, FindingItem } from "./frame.ts";

/** Rows of folded alerts have ids of their own beside those of the alerts. */
const FOLDED = 2 ** 40;

/** The worst one first. */
type Group = readonly [Finding, ...Finding[]];

/**
 * Alerts that say the same again: of one rule, and of one chain or of programs that hang together in the same way. Groups and
 * their members keep the order of the findings, worst first.
 */
function fold(findings: readonly Finding[], programs: (finding: Finding) => string): readonly Group[] {
  const groups: [Finding, ...Finding[]][] = [];
  const known = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const keys = [`${finding.rule}|${finding.chain[0]}`, `${finding.rule}|${programs(finding)}`];
    let group = keys.map((key) => known.get(key)).find((one) => one !== undefined);
    if (group === undefined) {
      group = [finding];
      groups.push(group);
    } else {
      group.push(finding);
    }
    for (const key of keys) {
      known.set(key, known.get(key) ?? group);
    }
  }
  return groups;
}

export function findingBody(
  { queries, names }: { queries: Queries; names: Names },
  filter: string,
  unfolded: ReadonlySet<RowId>,
  order: Order | undefined,
): Body {
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
  const folded = fold(kept, programs).map((group): FindingItem & { readonly group: readonly Finding[] } => {
    const [worst] = group;
    if (group.length === 1) {
      return { ...item(worst), group };
    }
    // The oldest one stays when more are folded in.
    const id = FOLDED + Math.min(...group.map((finding) => finding.id));
    return { ...item(worst, { id, count: group.length, open: unfolded.has(id) }), group };
  });
  const rows = inOrder(folded, FINDINGS, order, names).flatMap(({ group, ...row }) => [
    row,
    ...(row.open ? group.map((finding) => item(finding, { member: true })) : []),
  ]);
  const untold = queries.untold();
  return { screen: "findings", rows, ids: rows.map(({ id }) => id), total: all.length, untold };
}
